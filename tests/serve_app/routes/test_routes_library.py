"""Profiles and datasets: what the facade is asked, and the keys of the answers."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from engines.types import (
    ProfileRequest,
    S3Folder,
)
from tests.serve_app.fake_services import FakeServices


class TestProfiles:
    def test_made_from_a_folder_or_a_whole_area(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        for name, folder in (("one", "/data/uploads/office/"), ("all", "/data/uploads")):
            answer = client.post("/api/v1/profiles", json={"name": name, "source_dir": folder})
            assert answer.status_code == 200
            assert answer.json()["path"] == f"/data/profiles/stream_{name}.json"

    @pytest.mark.parametrize(
        ("url", "folder"),
        [
            ("s3://photos", S3Folder("photos")),
            ("s3://photos/", S3Folder("photos")),
            ("s3://my.photos-1/summer/2025/", S3Folder("my.photos-1", "summer/2025")),
        ],
    )
    def test_made_from_a_bucket(
        self, client: TestClient, fakes: FakeServices, url: str, folder: S3Folder
    ) -> None:
        body = {"name": "summer", "source_url": url, "keep_hashes": True, "keep_features": True}
        answer = client.post("/api/v1/profiles", json=body)
        assert answer.status_code == 200
        assert (answer.json()["kept_hashes"], answer.json()["kept_features"]) == (3, 2)
        wanted = ProfileRequest("summer", folder, keep_hashes=True, keep_features=True)
        assert fakes.profiles.requests == [wanted]

    @pytest.mark.parametrize(
        "source",
        [
            {},
            {"source_dir": "/data/uploads", "source_url": "s3://photos"},
            {"source_url": "https://photos"},
            {"source_url": "s3://"},
            {"source_url": "s3://Photos/x"},
            {"source_url": "s3://photos/\u0000"},
            {"source_url": "s3://user:secret@photos/x"},
            {"source_url": None},
        ],
    )
    def test_from_exactly_one_valid_source(
        self, client: TestClient, fakes: FakeServices, source: dict[str, object]
    ) -> None:
        answer = client.post("/api/v1/profiles", json={"name": "n", **source})
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["parameter"] in ("source_dir", "source_url")
        assert fakes.profiles.requests == []

    def test_hashes_are_told_only_where_they_are_kept(self, client: TestClient) -> None:
        body = {"name": "plain", "source_dir": "/data/uploads/x"}
        assert "kept_hashes" not in client.post("/api/v1/profiles", json=body).json()
        assert "kept_hashes" not in client.get("/api/v1/profiles/plain").json()

    def test_a_second_of_the_name_is_a_conflict_unless_it_updates(self, client: TestClient) -> None:
        body = {"name": "unsplash_nature", "source_dir": "/data/uploads/x"}
        assert client.post("/api/v1/profiles", json=body).status_code == 409
        assert client.post("/api/v1/profiles", json={**body, "update": True}).status_code == 200

    def test_removed_is_gone(self, client: TestClient) -> None:
        assert client.delete("/api/v1/profiles/webcam_office").json() == {
            "status": "success",
            "name": "webcam_office",
        }
        answer = client.get("/api/v1/profiles/webcam_office")
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == "Profile not found: webcam_office"

    @pytest.mark.parametrize(
        ("query", "dataset_key", "other"),
        [
            ({"dataset": "/data/generated/set"}, "generated/set", None),
            ({"dataset": "set"}, "generated/set", None),
            ({"dataset": "/data/uploads"}, "uploads", None),
            ({"profile": "webcam_office"}, None, "webcam_office"),
        ],
    )
    def test_compared_with_a_dataset_or_a_profile(
        self,
        client: TestClient,
        fakes: FakeServices,
        query: dict[str, str],
        dataset_key: str | None,
        other: str | None,
    ) -> None:
        answer = client.get("/api/v1/profiles/unsplash_nature/compare", params=query)
        assert answer.json()["conformance"] == 91.5
        assert fakes.profiles.compared == [("unsplash_nature", dataset_key, other)]

    def test_drawn_as_an_svg_that_may_run_nothing(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        path = "/api/v1/profiles/unsplash_nature/compare/plot"
        answer = client.get(path, params={"dataset": "set"})
        assert answer.status_code == 200
        assert answer.text == "<svg>91.5</svg>"
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert answer.headers["content-security-policy"] == "sandbox"
        assert fakes.profiles.compared == [("unsplash_nature", "generated/set", None)]
        assert client.get(path, params={"profile": "none"}).status_code == 404

    @pytest.mark.parametrize("query", [{}, {"dataset": "a", "profile": "b"}])
    @pytest.mark.parametrize("end", ["compare", "compare/plot"])
    def test_with_exactly_one_of_them(
        self, client: TestClient, query: dict[str, str], end: str
    ) -> None:
        answer = client.get(f"/api/v1/profiles/unsplash_nature/{end}", params=query)
        assert answer.status_code == 400
        assert "dataset, profile" in answer.json()["error"]["details"]["constraint"]


class TestDatasets:
    def test_listed_with_their_paths(self, client: TestClient) -> None:
        listed = client.get("/api/v1/datasets").json()
        one = client.get("/api/v1/datasets/nature_set").json()
        assert listed == {"datasets": [one]}
        assert one == {
            "name": "nature_set",
            "path": "/data/generated/nature_set",
            "image_count": 120,
            "size_bytes": 24_500_000,
            "updated_at": "2025-05-15T14:30:00Z",
            "verdicts": {"quality_passed": 100},
        }

    def test_removed_is_gone(self, client: TestClient) -> None:
        assert client.delete("/api/v1/datasets/nature_set").status_code == 200
        assert client.get("/api/v1/datasets/nature_set").status_code == 404
