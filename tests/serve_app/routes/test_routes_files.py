"""Bytes in and out, and health."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from engines.types.datasets.datasets import DatasetUpload
from serve_app.config import ApiConfig, BodyLimits
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG

QUICK = {"prompt": "x", "num_inference_steps": 1}


def put(fakes: FakeServices, *keys: str) -> None:
    fakes.files.contents.update(dict.fromkeys(keys, PNG))


class TestFiles:
    @pytest.mark.parametrize("form", [True, False])
    def test_what_is_uploaded_comes_back(self, client: TestClient, form: bool) -> None:
        if form:
            answer = client.post("/api/v1/images", files={"file": ("x.png", PNG, "image/png")})
        else:
            answer = client.post(
                "/api/v1/images", content=PNG, headers={"Content-Type": "image/png"}
            )
        assert answer.json() == {"image_path": "/data/uploads/u1.png", "size_bytes": len(PNG)}
        back = client.get("/api/v1/images", params={"path": answer.json()["image_path"]})
        assert back.content == PNG
        assert back.headers["Content-Type"] == "image/png"
        assert back.headers["ETag"] == '"etag-1"'
        assert back.headers["X-Content-Type-Options"] == "nosniff"

    def test_into_a_folder(self, client: TestClient) -> None:
        answer = client.post("/api/v1/images?folder=office", content=PNG)
        assert answer.json()["image_path"] == "/data/uploads/office/u1.png"
        assert client.post("/api/v1/images?folder=../x", content=PNG).status_code == 400

    def test_into_a_dataset_with_labels(self, client: TestClient, fakes: FakeServices) -> None:
        query = {"dataset": "pets", "label": ["animal:fox", "at:10:30"], "prompt": "a fox"}
        answer = client.post("/api/v1/images", params=query, content=PNG)
        assert answer.json()["image_path"] == "/data/generated/pets/u1.png"
        labels = {"animal": "fox", "at": "10:30"}
        assert fakes.files.described == [DatasetUpload("pets", "a fox", labels)]

    @pytest.mark.parametrize(
        ("query", "parameter"),
        [
            ({"dataset": "pets", "folder": "office"}, "folder"),
            ({"label": "animal:fox"}, "label"),
            ({"folder": "office", "prompt": "a fox"}, "prompt"),
            ({"dataset": "pets", "label": ["animal:fox", "animal:cat"]}, "label"),
            ({"dataset": "pets", "label": "fox"}, "label[0]"),
            ({"dataset": "pets", "label": "animal:"}, "label[0]"),
            ({"dataset": "pets", "label": "animal:" + "x" * 101}, "label[0]"),
            ({"dataset": "pets", "label": [f"l{n}:x" for n in range(17)]}, "label"),
            ({"dataset": "pets", "prompt": ""}, "prompt"),
            ({"dataset": "pets", "prompt": "a\0b"}, "prompt"),
            ({"dataset": "../pets"}, "dataset"),
            ({"dataset": ".index"}, "dataset"),
        ],
    )
    def test_labels_that_cannot_be_kept_are_refused_before_anything_is(
        self, client: TestClient, fakes: FakeServices, query: dict[str, str], parameter: str
    ) -> None:
        answer = client.post("/api/v1/images", params=query, content=PNG)
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["parameter"] == parameter
        assert fakes.files.uploads == 0

    @pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"<svg/>"])
    def test_what_is_no_image_is_refused(self, client: TestClient, content: bytes) -> None:
        for answer in (
            client.post("/api/v1/images", content=content),
            client.post("/api/v1/images", files={"file": ("x.png", content)}),
        ):
            assert answer.status_code == 400
            assert answer.json()["error"]["details"]["parameter"] == "image"

    def test_a_form_without_a_file_or_with_several_is_refused(self, client: TestClient) -> None:
        several = [("file", ("a.png", PNG)), ("file", ("b.png", PNG))]
        answer = client.post("/api/v1/images", files=several)
        assert answer.status_code == 400
        assert "one file" in answer.json()["error"]["message"]
        broken = {"Content-Type": "multipart/form-data"}
        assert client.post("/api/v1/images", content=b"x", headers=broken).status_code == 400

    @pytest.mark.parametrize("form", [True, False])
    def test_uploads_are_bounded(self, form: bool) -> None:
        limits = BodyLimits(max_upload_bytes=2048)
        api = build_api(FakeServices(), ApiConfig(bodies=limits, rates=Api.GENEROUS))
        client = TestClient(api.app, headers=HEADERS)
        large = PNG + b"x" * 40_000
        files = {"file": ("x.png", large)}
        answer = (
            client.post("/api/v1/images", files=files)
            if form
            else client.post("/api/v1/images", content=large)
        )
        assert answer.status_code == 413
        slightly = client.post("/api/v1/images", content=PNG + b"x" * 2048)
        assert slightly.status_code == 413

    def test_recipes_are_served_beside_images(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        fakes.files.contents["generated/x.json"] = b"{}"
        answer = client.get("/api/v1/images", params={"path": "/data/generated/x.json"})
        assert answer.headers["Content-Type"] == "application/json"

    def test_exports_are_served_from_exports_only(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        fakes.files.contents["exports/x.jsonl"] = b"{}\n" * 1000
        put(fakes, "generated/x.png")
        answer = client.get("/api/v1/exports", params={"path": "/data/exports/x.jsonl"})
        assert answer.content == b"{}\n" * 1000
        assert answer.headers["Content-Type"] == "application/jsonl"
        assert (
            client.get("/api/v1/exports", params={"path": "/data/generated/x.png"}).status_code
            == 400
        )

    def test_an_empty_file_is_a_file(self, client: TestClient, fakes: FakeServices) -> None:
        fakes.files.contents["exports/x.jsonl"] = b""
        answer = client.get("/api/v1/exports", params={"path": "/data/exports/x.jsonl"})
        assert (answer.status_code, answer.content) == (200, b"")

    def test_names_outside_ascii_are_quoted(self, client: TestClient, fakes: FakeServices) -> None:
        fakes.files.contents["exports/größe.bin"] = b"x"
        answer = client.get("/api/v1/exports", params={"path": "/data/exports/größe.bin"})
        assert (
            answer.headers["Content-Disposition"] == "inline; filename*=UTF-8''gr%C3%B6%C3%9Fe.bin"
        )
        assert answer.headers["Content-Type"] == "application/octet-stream"


class TestHealth:
    def test_alive(self, client: TestClient) -> None:
        assert client.get("/healthz").json() == {"status": "ok"}

    def test_ready_when_everything_is(
        self, client: TestClient, api: Api, fakes: FakeServices
    ) -> None:
        assert client.get("/readyz").json() == {"status": "ready"}
        fakes.readiness.missing = ["diffusion-default"]
        api.clock.advance(1.1)  # an answer holds for a second
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"
        assert answer.json()["error"]["details"] == {"not_ready": ["diffusion-default"]}
