"""Generating and judging: what the facade is asked, and the keys of the answers."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from engines.errors import Overloaded
from serve_app.config import ApiConfig
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG, FakeFiles

QUICK = {"prompt": "x", "num_inference_steps": 1}


def put(fakes: FakeServices, *keys: str) -> None:
    fakes.files.contents.update(dict.fromkeys(keys, PNG))


class TestGenerate:
    def test_every_choice_reaches_the_engine(self, client: TestClient, fakes: FakeServices) -> None:
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
            "guidance_rescale": 0.7,
        }
        answer = client.post("/api/v1/generate", json=body)
        (order,) = fakes.generation.started
        for name, value in body.items():
            assert getattr(order, name) == value
        assert order.model_id == "runwayml/stable-diffusion-v1-5"
        assert order.deadline_s is not None
        assert not order.previews
        assert not order.progress
        assert answer.json()["image_path"].startswith("/data/generated/nature_set/image_")
        extras = ("dataset", "profile", "profile_strength", "lora", "guidance_rescale")
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
    def test_all_metrics_if_none_are_named(self, client: TestClient, fakes: FakeServices) -> None:
        put(fakes, "uploads/x.png")
        answer = client.post("/api/v1/validate/quality", json={"image_path": "/data/uploads/x.png"})
        assert set(answer.json()["metrics"]) == {"sharpness", "contrast", "noise_level"}
        assert answer.headers["X-Validator-Version"] == "quality/1 photo>=0.50"

    def test_an_unknown_metric_is_refused_with_the_known(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        put(fakes, "uploads/x.png")
        body = {"image_path": "/data/uploads/x.png", "metrics": ["beauty"]}
        error = client.post("/api/v1/validate/quality", json=body).json()["error"]
        assert error["details"]["constraint"] == "one of: sharpness, contrast, noise"

    def test_what_was_not_checked_is_null(self, client: TestClient, fakes: FakeServices) -> None:
        put(fakes, "uploads/x.png")
        body = {"image_path": "/data/uploads/x.png", "check_faces": False, "check_text": False}
        answer = client.post("/api/v1/validate/privacy", json=body)
        assert answer.json()["faces_detected"] is None
        assert answer.json()["text_detected"] is None
        assert answer.headers["X-Validator-Version"] == "privacy/1 faces=yunet"

    def test_findings_come_with_their_place(self, client: TestClient, fakes: FakeServices) -> None:
        put(fakes, "uploads/x.png")
        fakes.privacy.failing.add("uploads/x.png")
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

    def test_anonymizing_writes_a_copy_beside(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        put(fakes, "generated/set/x.png")
        body = {"image_path": "/data/generated/set/x.png", "method": "pixelate"}
        answer = client.post("/api/v1/anonymize", json=body)
        copy = answer.json()["image_path"]
        assert copy.startswith("/data/generated/set/x_anonymized_")
        assert copy.endswith(".png")
        assert copy.removeprefix("/data/") in fakes.files.contents
        assert answer.json()["source_path"] == "/data/generated/set/x.png"
        assert answer.json()["method"] == "pixelate"
        assert answer.json()["privacy"]["image_path"] == copy
        assert answer.headers["X-Validator-Version"] == "privacy/1 faces=yunet"

    def test_an_unknown_method_is_refused(self, client: TestClient, fakes: FakeServices) -> None:
        put(fakes, "uploads/x.png")
        body = {"image_path": "/data/uploads/x.png", "method": "sharpen"}
        assert client.post("/api/v1/anonymize", json=body).status_code == 400


class TestValidateQualityOfABadImage:
    def test_the_answer_names_what_fails_it(self, client: TestClient, fakes: FakeServices) -> None:
        put(fakes, "uploads/x.png")
        body = {"image_path": "/data/uploads/x.png"}
        assert "weakest" not in client.post("/api/v1/validate/quality", json=body).json()
        fakes.quality.failing.add("uploads/x.png")
        answer = client.post("/api/v1/validate/quality", json=body).json()
        assert answer["weakest"] == {
            "factor": "sharpness",
            "value": 0.2,
            "threshold": 0.5,
            "advice": "The image is blurred.",
        }


class TestValidateDataset:
    BODY = {"dataset_dir": "/data/generated/set"}  # noqa: RUF012

    @pytest.fixture
    def large(self) -> FakeServices:
        return FakeServices(
            files=FakeFiles({f"generated/set/{number:02}.png": PNG for number in range(12)})
        )

    def client_of(self, fakes: FakeServices) -> TestClient:
        return TestClient(build_api(fakes, ApiConfig(rates=Api.GENEROUS)).app, headers=HEADERS)

    def test_both_verdicts_are_counted(self, large: FakeServices) -> None:
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
            "reasons": {"sharpness": 1},
        }
        assert answer["privacy"]["failed"] == 2
        assert answer["privacy"]["reasons"] == {"face": 2}
        assert answer["failures"] == [
            {
                "image_path": "/data/generated/set/01.png",
                "reason": "quality not passed: sharpness 0.20 of 0.50. The image is blurred.",
            },
            {"image_path": "/data/generated/set/01.png", "reason": "privacy not passed: face"},
            {"image_path": "/data/generated/set/02.png", "reason": "privacy not passed: face"},
        ]

    def test_a_bounded_number_is_judged_at_once(self, large: FakeServices) -> None:
        self.client_of(large).post("/api/v1/validate/dataset", json=self.BODY)
        assert 1 < large.quality.most_running <= 4

    def test_a_busy_validator_is_waited_for(self, large: FakeServices) -> None:
        large.quality.failures["generated/set/03.png"] = [Overloaded("full", 0.0)] * 3
        answer = self.client_of(large).post("/api/v1/validate/dataset", json=self.BODY).json()
        assert answer["quality"]["passed"] == 12

    def test_what_cannot_be_judged_is_an_error_and_stops_nothing(self, large: FakeServices) -> None:
        large.quality.failures["generated/set/03.png"] = [Overloaded("full", 0.0)] * 99
        answer = self.client_of(large).post("/api/v1/validate/dataset", json=self.BODY).json()
        assert (answer["quality"]["passed"], answer["quality"]["errors"]) == (11, 1)
        assert answer["failures"] == [
            {"image_path": "/data/generated/set/03.png", "reason": "full"}
        ]

    def test_an_unknown_metric_is_the_callers_fault(self, large: FakeServices) -> None:
        body = {**self.BODY, "metrics": ["beauty"]}
        answer = self.client_of(large).post("/api/v1/validate/dataset", json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["parameter"] == "metrics"

    def test_an_absent_dataset_is_404(self, large: FakeServices) -> None:
        body = {"dataset_dir": "/data/generated/none"}
        answer = self.client_of(large).post("/api/v1/validate/dataset", json=body)
        assert answer.status_code == 404

    def test_too_large_a_dataset_is_refused(self, large: FakeServices) -> None:
        config = ApiConfig.model_validate(
            {"dataset_validation": {"max_images": 11}, "rates": Api.GENEROUS}
        )
        client = TestClient(build_api(large, config).app, headers=HEADERS)
        answer = client.post("/api/v1/validate/dataset", json=self.BODY)
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["constraint"] == "images <= 11"
