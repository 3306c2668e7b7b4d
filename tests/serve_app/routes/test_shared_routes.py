"""Applications with the same bounds share their routes and their document, and nothing else."""

from __future__ import annotations

from starlette.testclient import TestClient

from serve_app.config import ApiConfig, FieldBounds
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices

WHOLE = {"prompt": "a red apple", "width": 512, "height": 512}


def built(bounds: FieldBounds | None = None, model_id: str | None = None) -> Api:
    config = ApiConfig(rates=Api.GENEROUS, bounds=bounds or FieldBounds())
    if model_id is not None:
        config = config.model_copy(update={"default_model_id": model_id})
    fakes = FakeServices()
    fakes.generation.known_models = (config.default_model_id,)
    return build_api(fakes, config)


def test_two_applications_alike_share_their_routes() -> None:
    assert built().app.routes == built().app.routes


def test_each_answers_out_of_its_own_services() -> None:
    first, second = built(), built()
    with TestClient(first.app, headers=HEADERS) as client:
        assert client.post("/api/v1/generate", json=WHOLE).status_code == 200
    with TestClient(second.app, headers=HEADERS) as client:
        assert client.get("/api/v1/datasets").status_code == 200
    assert len(first.fakes.generation.started) == 1
    assert second.fakes.generation.started == []


def test_other_bounds_are_other_routes_and_another_document() -> None:
    wide, narrow = built(), built(FieldBounds(max_side_px=256, default_side_px=256))
    for api, status, most in ((wide, 200, 1024), (narrow, 400, 256)):
        with TestClient(api.app, headers=HEADERS) as client:
            assert client.post("/api/v1/generate", json=WHOLE).status_code == status
            schemas = client.get("/openapi.json").json()["components"]["schemas"]
            width = schemas["GenerateRequest"]["properties"]["width"]
            assert width["maximum"] == most


def test_another_default_model_is_told_in_the_answer() -> None:
    for model_id in ("one/model", "another/model"):
        with TestClient(built(model_id=model_id).app, headers=HEADERS) as client:
            made = client.post("/api/v1/generate", json=WHOLE).json()
            assert made["parameters"]["model_id"] == model_id


def test_a_route_that_is_added_to_one_application_is_in_no_other() -> None:
    first, second = built(), built()

    @first.app.get("/only-here")
    async def only_here() -> str:
        return "there"

    assert TestClient(first.app, headers=HEADERS).get("/only-here").status_code == 200
    assert TestClient(second.app, headers=HEADERS).get("/only-here").status_code == 404
