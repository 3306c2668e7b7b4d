"""Profiles, exports and datasets: what the facade is asked, and the keys of the answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from engines.types import (
    ExportFailure,
    ExportFilter,
    ExportReport,
    ExportRequest,
    ProfileRequest,
    S3ExportReport,
    S3ExportRequest,
    S3Folder,
    SkippedFile,
)
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG

QUICK = {"prompt": "x", "num_inference_steps": 1}


def put(fakes: FakeServices, *keys: str) -> None:
    fakes.files.contents.update(dict.fromkeys(keys, PNG))


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
        body = {"name": "summer", "source_url": url, "keep_hashes": True}
        answer = client.post("/api/v1/profiles", json=body)
        assert answer.status_code == 200
        assert answer.json()["kept_hashes"] == 3
        assert fakes.profiles.requests == [ProfileRequest("summer", folder, keep_hashes=True)]

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


class TestExport:
    def test_every_choice_reaches_the_exporter(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        put(fakes, "generated/set/x.png")
        body = {
            "dataset_dir": "/data/generated/set/",
            "output_file": "/data/exports/set.parquet",
            "include_metadata": False,
            "filter": {"quality_passed": True, "since": "2026-01-02T03:04:05Z"},
            "splits": {"train": 0.8, "test": 0.2},
        }
        answer = client.post("/api/v1/export/parquet", json=body)
        assert answer.json()["output_file"] == "/data/exports/set.parquet"
        assert fakes.exporter.requests == [
            ExportRequest(
                format="parquet",
                dataset_key="generated/set",
                output_key="exports/set.parquet",
                include_metadata=False,
                filter=ExportFilter(
                    quality_passed=True, since=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
                ),
                splits={"train": 0.8, "test": 0.2},
            )
        ]

    def test_webdataset_goes_to_a_folder(self, client: TestClient, fakes: FakeServices) -> None:
        put(fakes, "generated/set/x.png")
        body = {"dataset_dir": "/data/generated/set", "output_dir": "/data/exports/shards/"}
        answer = client.post("/api/v1/export/webdataset", json=body)
        assert answer.json() == {
            "status": "success",
            "exported_count": 120,
            "output_dir": "/data/exports/shards",
            "file_size_bytes": 2_450_000,
        }

    @pytest.mark.parametrize("format_", ["jsonl", "parquet", "webdataset"])
    def test_what_is_left_out_is_named_with_its_reason(
        self, client: TestClient, fakes: FakeServices, format_: str
    ) -> None:
        put(fakes, "generated/x.png")
        fakes.exporter.report = ExportReport(
            exported_count=2,
            output_key="exports/x",
            file_size_bytes=9,
            skipped_count=200,
            skipped=(SkippedFile("cut.png", "broken"),),
            filtered={"quality": 3},
        )
        target = "output_dir" if format_ == "webdataset" else "output_file"
        body = {"dataset_dir": "/data/generated", target: "/data/exports/x"}
        answer = client.post(f"/api/v1/export/{format_}", json=body).json()
        assert answer == {
            "status": "partial",
            "exported_count": 2,
            target: "/data/exports/x",
            "file_size_bytes": 9,
            "skipped_count": 200,
            "skipped": [{"name": "cut.png", "reason": "broken"}],
            "filtered": {"quality": 3},
        }

    def test_an_export_of_nothing_has_failed_and_says_why(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        put(fakes, "uploads/mine/x.png")
        fakes.exporter.report = ExportReport(0, "exports/x.jsonl", 0, filtered={"quality": 76})
        body = {"dataset_dir": "/data/uploads/mine", "output_file": "/data/exports/x.jsonl"}
        answer = client.post("/api/v1/export/jsonl", json=body).json()
        assert (answer["status"], answer["exported_count"]) == ("failed", 0)
        assert answer["filtered"] == {"quality": 76}

    def test_each_split_has_its_file(self, client: TestClient, fakes: FakeServices) -> None:
        put(fakes, "generated/set/x.png")
        keys = {"train": "exports/x-train.jsonl", "test": "exports/x-test.jsonl"}
        fakes.exporter.report = ExportReport(2, "exports/x.jsonl", 9, keys)
        body = {"dataset_dir": "/data/generated/set", "output_file": "/data/exports/x.jsonl"}
        answer = client.post("/api/v1/export/jsonl", json=body).json()
        assert answer["output_files"] == {name: f"/data/{key}" for name, key in keys.items()}

    def test_two_writers_of_one_target(self, client: TestClient, fakes: FakeServices) -> None:
        put(fakes, "generated/set/x.png")
        fakes.exporter.busy.add("exports/x.jsonl")
        body = {"dataset_dir": "/data/generated/set", "output_file": "/data/exports/x.jsonl"}
        answer = client.post("/api/v1/export/jsonl", json=body)
        assert answer.status_code == 409
        assert answer.json()["error"]["code"] == "CONFLICT"

    def test_an_absent_dataset_is_named_by_its_path(self, client: TestClient) -> None:
        body = {"dataset_dir": "/data/generated/none", "output_file": "/data/exports/x.jsonl"}
        answer = client.post("/api/v1/export/jsonl", json=body)
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == "Dataset not found: /data/generated/none"

    @pytest.mark.parametrize("since", ["yesterday", "2026-01-02T03:04:05", True])
    def test_since_is_a_moment_with_its_zone(self, client: TestClient, since: object) -> None:
        body = {
            "dataset_dir": "/data/generated/set",
            "output_file": "/data/exports/x.jsonl",
            "filter": {"since": since},
        }
        answer = client.post("/api/v1/export/jsonl", json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["parameter"] == "filter.since"

    def test_s3_tells_failures_only_when_there_are_some(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        put(fakes, "generated/set/x.png")
        failure = ExportFailure("generated/set/x.png", "AccessDenied")
        fakes.exporter.s3_report = S3ExportReport(
            "partial", 3, 1, 100, "my-bucket", "a", "s3://my-bucket/a/manifest.json", (failure,), 2
        )
        body = {
            "dataset_dir": "/data/generated/set",
            "bucket_name": "my-bucket",
            "s3_prefix": "/a/",
        }
        answer = client.post("/api/v1/export/s3", json=body)
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "partial",
            "uploaded_count": 3,
            "failed_count": 1,
            "total_size_bytes": 100,
            "bucket_name": "my-bucket",
            "s3_prefix": "a",
            "manifest_url": "s3://my-bucket/a/manifest.json",
            "failures": [{"key": "generated/set/x.png", "reason": "AccessDenied"}],
            "skipped_count": 2,
        }
        assert fakes.exporter.requests == [S3ExportRequest("generated/set", "my-bucket", "a")]

    def test_nothing_written_has_no_manifest(self, client: TestClient, fakes: FakeServices) -> None:
        put(fakes, "generated/set/x.png")
        fakes.exporter.s3_report = S3ExportReport("failed", 0, 0, 0, "my-bucket", "", None)
        body = {"dataset_dir": "/data/generated/set", "bucket_name": "my-bucket"}
        answer = client.post("/api/v1/export/s3", json=body).json()
        assert answer["manifest_url"] is None
        assert "failures" not in answer
        assert "skipped_count" not in answer

    @pytest.mark.parametrize("name", ["", "A", "My_Bucket", "x" * 64, "-a-", "a/b"])
    def test_bucket_names_are_s3s(self, client: TestClient, name: str) -> None:
        body = {"dataset_dir": "/data/generated/set", "bucket_name": name}
        assert client.post("/api/v1/export/s3", json=body).status_code == 400


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
