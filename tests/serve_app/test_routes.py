"""Each route asks the facade the right thing, and answers in the contract's keys."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from engines.errors import Overloaded
from engines.types import (
    ExportFailure,
    ExportFilter,
    ExportRequest,
    S3ExportReport,
    S3ExportRequest,
)
from serve_app.config import ApiConfig, BodyLimits
from tests.serve_app.face import HEADERS, Face, build_face
from tests.serve_app.fakes import PNG, FakeFiles, House

QUICK = {"prompt": "x", "num_inference_steps": 1}


def put(house: House, *keys: str) -> None:
    house.files.contents.update(dict.fromkeys(keys, PNG))


class TestGenerate:
    def test_every_choice_reaches_the_engine(self, client: TestClient, house: House) -> None:
        body = {
            "prompt": "A lake",
            "negative_prompt": "fog",
            "width": 64,
            "height": 128,
            "num_inference_steps": 3,
            "guidance_scale": 2,
            "seed": 7,
            "dataset": "nature_set",
            "profile": "unsplash_nature",
            "profile_strength": 0.5,
            "lora": "ink",
        }
        answer = client.post("/api/v1/generate", json=body)
        (order,) = house.generation.started
        for name, value in body.items():
            assert getattr(order, name) == value
        assert order.model_id == "runwayml/stable-diffusion-v1-5"
        assert order.deadline_s is not None
        assert not order.previews
        assert answer.json()["image_path"].startswith("/data/generated/nature_set/image_")
        extras = ("dataset", "profile", "profile_strength", "lora")
        assert {name: answer.json()["parameters"][name] for name in extras} == {
            name: body[name] for name in extras
        }

    def test_a_drawn_seed_is_echoed(self, client: TestClient) -> None:
        answer = client.post("/api/v1/generate", json=QUICK).json()
        assert answer["parameters"]["seed"] == 4242

    def test_extras_are_echoed_only_if_given(self, client: TestClient) -> None:
        answer = client.post("/api/v1/generate", json={**QUICK, "dataset": None}).json()
        assert set(answer["parameters"]) == {
            "negative_prompt",
            "model_id",
            "width",
            "height",
            "num_inference_steps",
            "guidance_scale",
            "seed",
        }
        assert answer["parameters"]["negative_prompt"] is None

    def test_what_really_served_it_is_a_header(self, client: TestClient) -> None:
        answer = client.post("/api/v1/generate", json=QUICK)
        assert answer.headers["X-Served-Model"] == "fake/inferloop-mini"
        assert answer.json()["parameters"]["model_id"] == "runwayml/stable-diffusion-v1-5"

    def test_an_unknown_model_is_refused_with_the_known(self, client: TestClient) -> None:
        answer = client.post("/api/v1/generate", json={**QUICK, "model_id": "x/y"})
        assert answer.status_code == 400
        details = answer.json()["error"]["details"]
        assert details["parameter"] == "model_id"
        assert "runwayml/stable-diffusion-v1-5" in details["constraint"]


class TestValidate:
    def test_all_metrics_if_none_are_named(self, client: TestClient, house: House) -> None:
        put(house, "uploads/x.png")
        answer = client.post("/api/v1/validate/quality", json={"image_path": "/data/uploads/x.png"})
        assert set(answer.json()["metrics"]) == {"sharpness", "contrast", "noise_level"}
        assert answer.headers["X-Validator-Version"] == "quality/1 photo>=0.50"

    def test_an_unknown_metric_is_refused_with_the_known(
        self, client: TestClient, house: House
    ) -> None:
        put(house, "uploads/x.png")
        body = {"image_path": "/data/uploads/x.png", "metrics": ["beauty"]}
        error = client.post("/api/v1/validate/quality", json=body).json()["error"]
        assert error["details"]["constraint"] == "one of: sharpness, contrast, noise"

    def test_what_was_not_checked_is_null(self, client: TestClient, house: House) -> None:
        put(house, "uploads/x.png")
        body = {"image_path": "/data/uploads/x.png", "check_faces": False, "check_text": False}
        answer = client.post("/api/v1/validate/privacy", json=body)
        assert answer.json()["faces_detected"] is None
        assert answer.json()["text_detected"] is None
        assert answer.headers["X-Validator-Version"] == "privacy/1 faces=yunet"

    def test_findings_come_with_their_place(self, client: TestClient, house: House) -> None:
        put(house, "uploads/x.png")
        house.privacy.failing.add("uploads/x.png")
        answer = client.post(
            "/api/v1/validate/privacy", json={"image_path": "/data/uploads/x.png"}
        ).json()
        assert answer["issues"] == [
            {
                "type": "face",
                "severity": "high",
                "message": "1 face found",
                "detector": "yunet",
                "box": [1, 2, 30, 40],
                "confidence": 0.97,
                "text": None,
            }
        ]
        assert answer["passed"] is False

    def test_anonymizing_writes_a_copy_beside(self, client: TestClient, house: House) -> None:
        put(house, "generated/set/x.png")
        body = {"image_path": "/data/generated/set/x.png", "method": "pixelate"}
        answer = client.post("/api/v1/anonymize", json=body)
        copy = answer.json()["image_path"]
        assert copy.startswith("/data/generated/set/x_anonymized_")
        assert copy.endswith(".png")
        assert copy.removeprefix("/data/") in house.files.contents
        assert answer.json()["source_path"] == "/data/generated/set/x.png"
        assert answer.json()["method"] == "pixelate"
        assert answer.json()["privacy"]["image_path"] == copy
        assert answer.headers["X-Validator-Version"] == "privacy/1 faces=yunet"

    def test_an_unknown_method_is_refused(self, client: TestClient, house: House) -> None:
        put(house, "uploads/x.png")
        body = {"image_path": "/data/uploads/x.png", "method": "sharpen"}
        assert client.post("/api/v1/anonymize", json=body).status_code == 400


class TestProfiles:
    def test_made_from_a_folder_or_a_whole_area(self, client: TestClient, house: House) -> None:
        for name, folder in (("one", "/data/uploads/office/"), ("all", "/data/uploads")):
            answer = client.post("/api/v1/profiles", json={"name": name, "source_dir": folder})
            assert answer.status_code == 200
            assert answer.json()["path"] == f"/data/profiles/stream_{name}.json"

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
        house: House,
        query: dict[str, str],
        dataset_key: str | None,
        other: str | None,
    ) -> None:
        answer = client.get("/api/v1/profiles/unsplash_nature/compare", params=query)
        assert answer.json()["conformance"] == 91.5
        assert house.profiles.compared == [("unsplash_nature", dataset_key, other)]

    @pytest.mark.parametrize("query", [{}, {"dataset": "a", "profile": "b"}])
    def test_with_exactly_one_of_them(self, client: TestClient, query: dict[str, str]) -> None:
        answer = client.get("/api/v1/profiles/unsplash_nature/compare", params=query)
        assert answer.status_code == 400
        assert "dataset, profile" in answer.json()["error"]["details"]["constraint"]


class TestExport:
    def test_every_choice_reaches_the_exporter(self, client: TestClient, house: House) -> None:
        put(house, "generated/set/x.png")
        body = {
            "dataset_dir": "/data/generated/set/",
            "output_file": "/data/exports/set.parquet",
            "include_metadata": False,
            "filter": {"quality_passed": True, "since": "2026-01-02T03:04:05Z"},
            "splits": {"train": 0.8, "test": 0.2},
        }
        answer = client.post("/api/v1/export/parquet", json=body)
        assert answer.json()["output_file"] == "/data/exports/set.parquet"
        assert house.exporter.requests == [
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

    def test_webdataset_goes_to_a_folder(self, client: TestClient, house: House) -> None:
        put(house, "generated/set/x.png")
        body = {"dataset_dir": "/data/generated/set", "output_dir": "/data/exports/shards/"}
        answer = client.post("/api/v1/export/webdataset", json=body)
        assert answer.json() == {
            "status": "success",
            "exported_count": 120,
            "output_dir": "/data/exports/shards",
            "file_size_bytes": 2_450_000,
        }

    def test_two_writers_of_one_target(self, client: TestClient, house: House) -> None:
        put(house, "generated/set/x.png")
        house.exporter.busy.add("exports/x.jsonl")
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
        self, client: TestClient, house: House
    ) -> None:
        put(house, "generated/set/x.png")
        failure = ExportFailure("generated/set/x.png", "AccessDenied")
        house.exporter.s3_report = S3ExportReport(
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
        assert house.exporter.requests == [S3ExportRequest("generated/set", "my-bucket", "a")]

    def test_nothing_written_has_no_manifest(self, client: TestClient, house: House) -> None:
        put(house, "generated/set/x.png")
        house.exporter.s3_report = S3ExportReport("failed", 0, 0, 0, "my-bucket", "", None)
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
        assert client.post("/api/v1/images", files=several).status_code == 400
        broken = {"Content-Type": "multipart/form-data"}
        assert client.post("/api/v1/images", content=b"x", headers=broken).status_code == 400

    @pytest.mark.parametrize("form", [True, False])
    def test_uploads_are_bounded(self, form: bool) -> None:
        limits = BodyLimits(max_upload_bytes=2048)
        face = build_face(House(), ApiConfig(bodies=limits, rates=Face.GENEROUS))
        client = TestClient(face.app, headers=HEADERS)
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

    def test_recipes_are_served_beside_images(self, client: TestClient, house: House) -> None:
        house.files.contents["generated/x.json"] = b"{}"
        answer = client.get("/api/v1/images", params={"path": "/data/generated/x.json"})
        assert answer.headers["Content-Type"] == "application/json"

    def test_exports_are_served_from_exports_only(self, client: TestClient, house: House) -> None:
        house.files.contents["exports/x.jsonl"] = b"{}\n" * 1000
        put(house, "generated/x.png")
        answer = client.get("/api/v1/exports", params={"path": "/data/exports/x.jsonl"})
        assert answer.content == b"{}\n" * 1000
        assert answer.headers["Content-Type"] == "application/jsonl"
        assert (
            client.get("/api/v1/exports", params={"path": "/data/generated/x.png"}).status_code
            == 400
        )

    def test_an_empty_file_is_a_file(self, client: TestClient, house: House) -> None:
        house.files.contents["exports/x.jsonl"] = b""
        answer = client.get("/api/v1/exports", params={"path": "/data/exports/x.jsonl"})
        assert (answer.status_code, answer.content) == (200, b"")

    def test_names_outside_ascii_are_quoted(self, client: TestClient, house: House) -> None:
        house.files.contents["exports/größe.bin"] = b"x"
        answer = client.get("/api/v1/exports", params={"path": "/data/exports/größe.bin"})
        assert (
            answer.headers["Content-Disposition"] == "inline; filename*=UTF-8''gr%C3%B6%C3%9Fe.bin"
        )
        assert answer.headers["Content-Type"] == "application/octet-stream"


class TestHealth:
    def test_alive(self, client: TestClient) -> None:
        assert client.get("/healthz").json() == {"status": "ok"}

    def test_ready_when_everything_is(self, client: TestClient, house: House) -> None:
        assert client.get("/readyz").json() == {"status": "ready"}
        house.readiness.missing = ["diffusion-default"]
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"
        assert answer.json()["error"]["details"] == {"not_ready": ["diffusion-default"]}


class TestValidateDataset:
    BODY = {"dataset_dir": "/data/generated/set"}  # noqa: RUF012

    @pytest.fixture
    def large(self) -> House:
        return House(
            files=FakeFiles({f"generated/set/{number:02}.png": PNG for number in range(12)})
        )

    def client_of(self, house: House) -> TestClient:
        return TestClient(build_face(house, ApiConfig(rates=Face.GENEROUS)).app, headers=HEADERS)

    def test_both_verdicts_are_counted(self, large: House) -> None:
        large.quality.failing.add("generated/set/01.png")
        large.privacy.failing |= {"generated/set/01.png", "generated/set/02.png"}
        answer = self.client_of(large).post("/api/v1/validate/dataset", json=self.BODY).json()
        assert answer["dataset_dir"] == "/data/generated/set"
        assert answer["image_count"] == 12
        assert answer["quality"] == {
            "passed": 11,
            "failed": 1,
            "errors": 0,
            "mean_score": 0.7958,
        }
        assert answer["privacy"]["failed"] == 2
        assert answer["failures"] == [
            {"image_path": "/data/generated/set/01.png", "reason": "quality not passed"},
            {"image_path": "/data/generated/set/01.png", "reason": "privacy not passed: face"},
            {"image_path": "/data/generated/set/02.png", "reason": "privacy not passed: face"},
        ]

    def test_a_bounded_number_is_judged_at_once(self, large: House) -> None:
        self.client_of(large).post("/api/v1/validate/dataset", json=self.BODY)
        assert 1 < large.quality.most_running <= 4

    def test_a_busy_validator_is_waited_for(self, large: House) -> None:
        large.quality.failures["generated/set/03.png"] = [Overloaded("full", 0.0)] * 3
        answer = self.client_of(large).post("/api/v1/validate/dataset", json=self.BODY).json()
        assert answer["quality"]["passed"] == 12

    def test_what_cannot_be_judged_is_an_error_and_stops_nothing(self, large: House) -> None:
        large.quality.failures["generated/set/03.png"] = [Overloaded("full", 0.0)] * 99
        answer = self.client_of(large).post("/api/v1/validate/dataset", json=self.BODY).json()
        assert (answer["quality"]["passed"], answer["quality"]["errors"]) == (11, 1)
        assert answer["failures"] == [
            {"image_path": "/data/generated/set/03.png", "reason": "full"}
        ]

    def test_an_unknown_metric_is_the_callers_fault(self, large: House) -> None:
        body = {**self.BODY, "metrics": ["beauty"]}
        answer = self.client_of(large).post("/api/v1/validate/dataset", json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["parameter"] == "metrics"

    def test_an_absent_dataset_is_404(self, large: House) -> None:
        body = {"dataset_dir": "/data/generated/none"}
        answer = self.client_of(large).post("/api/v1/validate/dataset", json=body)
        assert answer.status_code == 404

    def test_too_large_a_dataset_is_refused(self, large: House) -> None:
        config = ApiConfig.model_validate(
            {"dataset_validation": {"max_images": 11}, "rates": Face.GENEROUS}
        )
        client = TestClient(build_face(large, config).app, headers=HEADERS)
        answer = client.post("/api/v1/validate/dataset", json=self.BODY)
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["constraint"] == "images <= 11"
