"""Every route says what it asks of its caller, where it is declared."""

from __future__ import annotations

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute, RouteContext, iter_route_contexts
from starlette.testclient import TestClient

from serve_app.access.caller import Scope
from serve_app.access.policy import Access, requires
from serve_app.budgets.rate_limits import Bucket
from serve_app.config import ApiConfig, RateLimits
from serve_app.middleware.key import PUBLIC_PATHS
from serve_app.routing import ApiRoute, access_of
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices

GENERATE: tuple[Scope, Bucket, str] = ("generate", "generate", "image.generate")
JUDGE: tuple[Scope, Bucket, str] = ("validate", "validate", "dataset.validate")
EXPORT: tuple[Scope, Bucket, str] = ("export", "export", "dataset.export")
DECLARED = {
    ("POST", "/api/v1/generate"): Access(*GENERATE, "generate"),
    ("POST", "/api/v1/generate/batch"): Access(
        "generate", "generate", "image.generate", "generate.batch"
    ),
    ("POST", "/api/v1/validate/quality"): Access("validate", "validate", "image.validate"),
    ("POST", "/api/v1/validate/privacy"): Access("validate", "validate", "image.validate"),
    ("POST", "/api/v1/validate/dataset"): Access(
        "validate", "validate", "dataset.validate", "validate.dataset"
    ),
    ("POST", "/api/v1/anonymize"): Access("validate", "validate", "image.anonymize"),
    ("GET", "/api/v1/profiles/{profile_name}/compare"): Access("validate", "validate"),
    ("GET", "/api/v1/profiles/{profile_name}/compare/plot"): Access("validate", "validate"),
    ("POST", "/api/v1/profiles"): Access("write", "validate", "profile.create", "profile.create"),
    ("POST", "/api/v1/images"): Access("write", "upload", "image.upload"),
    ("POST", "/api/v1/export/jsonl"): Access(*EXPORT, "export.jsonl"),
    ("POST", "/api/v1/export/parquet"): Access(
        "export", "export", "dataset.export", "export.parquet"
    ),
    ("POST", "/api/v1/export/webdataset"): Access(
        "export", "export", "dataset.export", "export.webdataset"
    ),
    ("POST", "/api/v1/export/csv"): Access(*EXPORT, "export.csv"),
    ("POST", "/api/v1/export/coco"): Access(*EXPORT, "export.coco"),
    ("POST", "/api/v1/export/imagefolder"): Access(*EXPORT, "export.imagefolder"),
    ("POST", "/api/v1/export/s3"): Access(*EXPORT, "export.s3"),
    ("POST", "/api/v1/datasets"): Access(
        "generate", "generate", "dataset.create", "dataset.create"
    ),
    ("POST", "/api/v1/datasets/preview"): Access(
        "generate", "generate", "dataset.preview", "dataset.preview"
    ),
    ("GET", "/api/v1/models"): Access(None, "read"),
    ("GET", "/api/v1/whoami"): Access(None, "read"),
    ("GET", "/api/v1/keys"): Access("admin", "read"),
    ("GET", "/api/v1/deployments"): Access("admin", "read"),
    ("POST", "/api/v1/datasets/plan"): Access(None, "read", "dataset.plan"),
    ("GET", "/api/v1/datasets"): Access("read", "read"),
    ("GET", "/api/v1/profiles"): Access("read", "read"),
    ("GET", "/api/v1/datasets/{name}"): Access("read", "read"),
    ("GET", "/api/v1/datasets/{name}/images"): Access("read", "read"),
    ("GET", "/api/v1/datasets/{name}/images/summary"): Access("read", "read"),
    ("PATCH", "/api/v1/images"): Access("write", "read", "image.review"),
    ("GET", "/api/v1/datasets/{name}/report"): Access("read", "validate"),
    ("POST", "/api/v1/datasets/{name}/report"): Access(
        "validate", "validate", "dataset.report", "dataset.report"
    ),
    ("GET", "/api/v1/profiles/{profile_name}"): Access("read", "read"),
    ("GET", "/api/v1/images"): Access("read", "read"),
    ("GET", "/api/v1/exports"): Access("read", "read"),
    ("DELETE", "/api/v1/images"): Access("delete", None, "image.delete"),
    ("DELETE", "/api/v1/exports"): Access("delete", None, "export.delete"),
    ("POST", "/api/v1/verify"): Access("read", "validate", "image.verify"),
    ("GET", "/api/v1/marks/log"): Access("read", "validate"),
    ("POST", "/api/v1/datasets/{name}/sign"): Access(
        "write", "export", "dataset.sign", "dataset.sign"
    ),
    ("GET", "/api/v1/datasets/{name}/sheet"): Access("read", "export"),
    ("DELETE", "/api/v1/datasets/{name}"): Access("delete", None, "dataset.delete"),
    ("DELETE", "/api/v1/profiles/{profile_name}"): Access("delete", None, "profile.delete"),
    ("POST", "/api/v1/ws/ticket"): Access("generate", "read", "socket.ticket"),
    ("POST", "/api/v1/exports/ticket"): Access("read", "read", "export.ticket"),
    ("GET", "/api/v1/jobs"): Access(None, "read"),
    ("GET", "/api/v1/jobs/{job_id}"): Access(None, "read"),
    ("GET", "/api/v1/jobs/{job_id}/log"): Access(None, "read"),
    ("GET", "/api/v1/jobs/{job_id}/events"): Access(None, "read"),
    ("DELETE", "/api/v1/jobs/{job_id}"): Access(None, None, "job.cancel"),
    ("GET", "/api/v1/webhooks/secret"): Access(None, "read"),
    ("WEBSOCKET", "/api/v1/ws/generation"): Access("generate"),
    ("POST", "/v1/images/generations"): Access(*GENERATE),
    ("GET", "/v1/models"): Access(None, "read"),
    ("GET", "/v1/models/{model_id:path}"): Access(None, "read"),
}


def routes_of(app: FastAPI) -> list[RouteContext]:
    return list(iter_route_contexts(app.routes))


def declared(context: RouteContext) -> Access | None:
    route = context.original_route
    if isinstance(route, APIRoute | APIWebSocketRoute):
        return access_of(route.dependencies)
    return None


def test_every_route_but_the_public_ones_declares_a_scope(api: Api) -> None:
    undeclared = {context.path for context in routes_of(api.app) if declared(context) is None}
    assert undeclared == PUBLIC_PATHS


def test_every_route_of_the_api_asks_before_it_reads_a_body(api: Api) -> None:
    for context in routes_of(api.app):
        if declared(context) is not None and not isinstance(
            context.original_route, APIWebSocketRoute
        ):
            assert isinstance(context.original_route, ApiRoute), context.path


def asked(api: Api) -> dict[tuple[str, str | None], Access]:
    return {
        (method, context.path): access
        for context in routes_of(api.app)
        if (access := declared(context)) is not None
        for method in context.methods or {"WEBSOCKET"}
    }


@pytest.mark.parametrize("call", DECLARED, ids=" ".join)
def test_what_a_route_asks(api: Api, call: tuple[str, str]) -> None:
    assert asked(api)[call] == DECLARED[call]


def test_no_route_is_missing_in_the_table(api: Api) -> None:
    assert set(asked(api)) == set(DECLARED)


def test_every_route_but_deletes_has_a_budget(api: Api) -> None:
    """A delete asks for its own scope, and can be done once for each thing that is there."""
    free = {
        (method, context.path)
        for context in routes_of(api.app)
        if (access := declared(context)) is not None and access.budget is None
        for method in context.methods or {"WEBSOCKET"}
        if method != "DELETE"
    }
    assert free == {("WEBSOCKET", "/api/v1/ws/generation")}  # each of its jobs spends one


def test_every_route_that_changes_something_says_so_to_the_audit_log(api: Api) -> None:
    for context in routes_of(api.app):
        access, reads = declared(context), context.methods and context.methods <= {"GET", "HEAD"}
        if access is not None and isinstance(context.original_route, ApiRoute):
            assert (access.audit is None) == bool(reads), context.path


def test_a_request_spends_one_of_its_budget_and_no_more() -> None:
    """The route asks before the body is read, FastAPI asks again among its dependencies."""
    api = build_api(FakeServices(), ApiConfig(rates=RateLimits(read="3/minute")))
    client = TestClient(api.app, headers=HEADERS)
    left = [client.get("/api/v1/datasets").headers["X-RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    assert client.get("/api/v1/datasets").status_code == 429
    assert client.get("/api/v1/profiles").status_code == 429


@pytest.mark.parametrize("bucket", ["generate", "validate", "export", "upload", "read"])
def test_every_budget_is_spent_by_some_route(api: Api, bucket: Bucket) -> None:
    spent = {access.budget for context in routes_of(api.app) if (access := declared(context))}
    assert bucket in spent


def test_a_route_of_another_class_is_asked_too(api: Api) -> None:
    router = APIRouter()

    @router.get("/api/v1/other", dependencies=[requires("read", budget="read")])
    async def other() -> str:
        return "there"

    api.app.include_router(router)
    answer = TestClient(api.app, headers=HEADERS).get("/api/v1/other")
    assert (answer.status_code, answer.json()) == (200, "there")
    assert answer.headers["X-RateLimit-Limit"] == "3000"
