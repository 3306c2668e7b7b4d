"""Exports: what the facade is asked, and the keys of the answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from engines.types import (
    ExportFailure,
    ExportFilter,
    ExportReport,
    ExportRequest,
    S3ExportReport,
    S3ExportRequest,
    SkippedFile,
)
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG


def put(fakes: FakeServices, *keys: str) -> None:
    fakes.files.contents.update(dict.fromkeys(keys, PNG))


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

    @pytest.mark.parametrize(
        ("asked", "shares"),
        [
            ({"splits": {"by": "cluster", "a": 0.5, "b": 0.5}}, {"a": 0.5, "b": 0.5}),
            ({"splits": {"a": 0.5, "b": 0.5}, "split_by": "cluster"}, {"a": 0.5, "b": 0.5}),
            ({"splits": {"by": "cluster"}}, {"train": 0.8, "validation": 0.1, "test": 0.1}),
        ],
    )
    def test_splits_can_keep_near_duplicates_together(
        self,
        client: TestClient,
        fakes: FakeServices,
        asked: dict[str, object],
        shares: dict[str, float],
    ) -> None:
        put(fakes, "generated/set/x.png")
        body = {"dataset_dir": "/data/generated/set", "output_file": "/data/exports/s.jsonl"}
        assert client.post("/api/v1/export/jsonl", json={**body, **asked}).status_code == 200
        (request,) = fakes.exporter.requests
        assert isinstance(request, ExportRequest)
        assert (request.splits, request.split_by) == (shares, "cluster")

    @pytest.mark.parametrize("by", ["label", "", 0.3, None])
    def test_splits_by_anything_else_are_no_splits(
        self, client: TestClient, fakes: FakeServices, by: object
    ) -> None:
        put(fakes, "generated/set/x.png")
        body = {"dataset_dir": "/data/generated/set", "output_file": "/data/exports/s.jsonl"}
        splits = {"by": by, "train": 0.7}
        answer = client.post("/api/v1/export/jsonl", json={**body, "splits": splits})
        # A share under that name is a split that is called so.
        assert answer.status_code == (200 if by == 0.3 else 400)

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
