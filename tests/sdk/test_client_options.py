"""A client from the environment, and with another patience for some calls."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from inferloop_synthdata import AsyncSyntheticImageClient, SyntheticImageClient
from inferloop_synthdata.errors import Overloaded

AROUND = {"INFERLOOP_API_KEY": "of the environment", "INFERLOOP_BASE_URL": "http://there.test"}
KINDS = pytest.mark.parametrize("kind", [SyntheticImageClient, AsyncSyntheticImageClient])


@KINDS
def test_without_a_key_it_says_how_to_give_one(kind: type) -> None:
    with pytest.raises(ValueError, match="give api_key, or set INFERLOOP_API_KEY"):
        kind(environ={})


class Service:
    """Remembers requests; busy until `busy_for` of them are answered."""

    def __init__(self, busy_for: int = 0) -> None:
        self.busy_for = busy_for
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if len(self.requests) <= self.busy_for:
            error = {"code": "OVERLOADED", "message": "busy", "details": {}}
            return httpx.Response(503, json={"error": error})
        return httpx.Response(200, json={"profiles": []})


def client(service: Service, **options: Any) -> SyntheticImageClient:
    transport = httpx.MockTransport(service)
    return SyntheticImageClient(
        transport=transport, environ=AROUND, sleep=lambda _: None, **options
    )


def test_key_and_address_come_from_the_environment_unless_given() -> None:
    service = Service()
    with client(service) as found:
        found.list_profiles()
    with client(service, api_key="given", base_url="http://here.test") as given:
        given.list_profiles()
    assert [(r.headers["X-API-Key"], r.url.host) for r in service.requests] == [
        ("of the environment", "there.test"),
        ("given", "here.test"),
    ]


def test_another_patience_for_one_call() -> None:
    service = Service(busy_for=1)
    with client(service, timeout_s=50) as patient:
        with pytest.raises(Overloaded):
            patient.with_options(timeout_s=5, max_retries=0).list_profiles()
        patient.list_profiles()
    assert [r.extensions["timeout"]["read"] for r in service.requests] == [5, 50]


@pytest.mark.parametrize(
    "wrong", [{"timeout_s": 0}, {"timeout_s": float("nan")}, {"max_retries": -1}]
)
def test_a_patience_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with client(Service()) as patient, pytest.raises(ValueError, match="must"):
        patient.with_options(**wrong)


def test_jobs_and_datasets_have_the_patience_of_their_client() -> None:
    service = Service(busy_for=9)
    with client(service) as patient, pytest.raises(Overloaded):
        patient.with_options(max_retries=0).jobs.list()
    assert len(service.requests) == 1


def test_each_retry_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "inferloop_synthdata.retries"), client(Service(2)) as busy:
        busy.list_profiles()
    assert [record.getMessage()[:29] for record in caplog.records] == [
        "the service is busy, waiting "
    ] * 2
    assert "(retry 2 of 3)" in caplog.text


def test_readiness_lies_beside_the_api() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        body = {"status": "ready"}
        return httpx.Response(200 if request.url.path == "/readyz" else 404, json=body)

    with SyntheticImageClient("k", transport=httpx.MockTransport(handler)) as found:
        assert found.check_ready()["status"] == "ready"
