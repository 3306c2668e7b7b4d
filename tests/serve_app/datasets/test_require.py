"""`require`: an image with its verdicts, or what failed how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi.testclient import TestClient

from engines.errors import StorageFailed
from engines.types import QualityReport
from serve_app.config import ApiConfig
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fake_validators import FakeQuality
from tests.serve_app.socket_play import GENERATE, playing

ONE: dict[str, Any] = {"prompt": "A fox", "num_inference_steps": 2, "seed": 7}


@dataclass
class StrictQuality(FakeQuality):
    """Passes the n-th image that it sees of each key, and those after."""

    passes_from: int = 1
    seen: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[Sequence[str] | None, str | None]] = field(default_factory=list)
    broken: bool = False

    async def validate(
        self, key: str, metrics: Sequence[str] | None, prompt: str | None = None
    ) -> QualityReport:
        if self.broken:
            raise StorageFailed("No verdict can be written")
        self.asked.append((metrics, prompt))
        self.seen[key] = self.seen.get(key, 0) + 1
        report = await super().validate(key, metrics, prompt)
        passed = self.seen[key] >= self.passes_from
        score = 0.85 if passed else 0.2
        return QualityReport(key, score, report.metrics, passed, report.validator_version)


@dataclass
class StrictServices(FakeServices):
    passes_from: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.strict = self.quality = StrictQuality(self.files, passes_from=self.passes_from)


def play(passes_from: int, path: str, body: dict[str, Any]) -> tuple[Any, StrictServices]:
    fakes = StrictServices(passes_from=passes_from)
    api = build_api(fakes, ApiConfig(rates=Api.GENEROUS))
    with TestClient(api.app, headers=HEADERS) as client:
        return client.post(f"/api/v1{path}", json=body), fakes


def test_an_image_that_passes_at_once_comes_with_its_verdicts() -> None:
    answer, fakes = play(1, "/generate", {**ONE, "require": {"quality": True, "privacy": True}})
    assert answer.status_code == 200
    told = answer.json()
    assert told["tries"] == 1
    assert told["parameters"]["seed"] == 7
    assert told["verdicts"]["quality"]["quality_score"] == 0.85
    assert told["verdicts"]["quality"]["image_path"] == told["image_path"]
    assert told["verdicts"]["privacy"]["passed"] is True
    assert fakes.strict.asked == [(None, "A fox")]


def test_without_require_nothing_is_judged_and_nothing_said() -> None:
    answer, fakes = play(9, "/generate", ONE)
    assert answer.json().keys() == {"image_path", "prompt", "parameters"}
    assert fakes.strict.asked == []
    answer, fakes = play(9, "/generate", {**ONE, "require": {}})
    assert answer.json().keys() == {"image_path", "prompt", "parameters"}


def test_it_is_made_again_with_other_seeds_and_the_rest_is_removed() -> None:
    answer, fakes = play(3, "/generate", {**ONE, "require": {"quality": True}})
    told = answer.json()
    seeds = [request.seed for request in fakes.generation.started]
    assert (told["tries"], told["parameters"]["seed"]) == (3, seeds[2])
    assert len(set(seeds)) == 3
    assert "privacy" not in told["verdicts"]
    again, _ = play(3, "/generate", {**ONE, "require": {"quality": True}})
    assert again.json()["parameters"] == told["parameters"]
    assert [key for key in fakes.files.contents if key.endswith(".png")] == [
        told["image_path"].removeprefix("/data/")
    ]


def test_what_cannot_be_met_is_an_error_that_counts_and_leaves_nothing() -> None:
    body = {**ONE, "require": {"quality": {"min_metrics": {"sharpness": 99}}}, "max_tries": 4}
    answer, fakes = play(3, "/generate", body)
    assert answer.status_code == 422
    assert answer.json()["error"] == {
        "code": "REQUIREMENTS_NOT_MET",
        "message": "No image met the requirements in 4 tries: "
        "missed quality 2 times, sharpness 4 times",
        "details": {"tries": 4, "missed": {"quality": 2, "sharpness": 4}},
    }
    assert not fakes.files.contents
    assert fakes.usage.used == {}


def test_an_image_must_lie_near_the_profile() -> None:
    near = {"profile": {"name": "webcam_office", "min_conformance": 60}}
    answer, fakes = play(1, "/generate", {**ONE, "require": near})
    assert answer.json()["verdicts"] == {"conformance": 61.5}
    assert fakes.profiles.judged == [answer.json()["image_path"].removeprefix("/data/")]
    nearer = {"profile": {"name": "webcam_office", "min_conformance": 62}}
    answer, fakes = play(1, "/generate", {**ONE, "require": nearer})
    assert answer.json()["error"]["details"] == {"tries": 5, "missed": {"profile": 5}}
    assert not fakes.files.contents


def test_a_profile_that_is_not_there_is_404_and_keeps_no_image() -> None:
    absent = {"profile": {"name": "none", "min_conformance": 60}}
    answer, fakes = play(1, "/generate", {**ONE, "require": absent})
    assert answer.status_code == 404
    assert not fakes.files.contents


def test_the_thresholds_of_the_request_go_before_those_of_the_service() -> None:
    answer, _ = play(9, "/generate", {**ONE, "require": {"quality": {"min_score": 0.1}}})
    assert answer.status_code == 200
    answer, _ = play(1, "/generate", {**ONE, "require": {"quality": {"min_score": 0.9}}})
    assert answer.json()["error"]["details"] == {"tries": 5, "missed": {"quality": 5}}


def test_a_validator_that_is_away_is_its_own_error_and_keeps_no_image() -> None:
    fakes = StrictServices()
    fakes.strict.broken = True
    api = build_api(fakes, ApiConfig(rates=Api.GENEROUS))
    with TestClient(api.app, headers=HEADERS, raise_server_exceptions=False) as client:
        answer = client.post("/api/v1/generate", json={**ONE, "require": {"quality": True}})
    assert answer.json()["error"]["code"] == "INTERNAL_ERROR"
    assert not fakes.files.contents


@pytest.mark.parametrize(
    ("given", "parameter"),
    [
        ({"require": {"beauty": True}}, "require.beauty"),
        ({"require": {"quality": {"min_score": 2}}}, "require.quality.min_score"),
        ({"require": {"quality": "yes"}}, "require.quality"),
        ({"require": {"quality": True}, "max_tries": 0}, "max_tries"),
        ({"require": {"quality": True}, "max_tries": 51}, "max_tries"),
        ({"max_tries": 3}, "max_tries"),
        ({"require": {"quality": {"min_metrics": {"beauty": 1}}}}, "metrics"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(given: dict[str, Any], parameter: str) -> None:
    answer, fakes = play(1, "/generate", {**ONE, **given})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["details"]["parameter"] == parameter
    assert not fakes.files.contents


def test_every_image_of_a_batch_has_its_verdicts_and_its_seed() -> None:
    body = {
        "prompts": ["A fox", "A cat"],
        "num_inference_steps": 2,
        "seed": 7,
        "require": {"quality": True},
    }
    answer, fakes = play(2, "/generate/batch", body)
    images = answer.json()["images"]
    assert [image["tries"] for image in images] == [2, 2]
    made = {request.seed for request in fakes.generation.started}
    assert {image["seed"] for image in images} <= made - {7, 8}
    assert all(image["verdicts"]["quality"]["passed"] for image in images)


def test_a_batch_whose_image_does_not_pass_names_what_was_made() -> None:
    body = {
        "prompts": ["A fox", "A cat"],
        "num_inference_steps": 2,
        "require": {"quality": True},
        "max_tries": 1,
        "batch_size": 1,
    }
    answer, _ = play(2, "/generate/batch", body)
    assert answer.json()["error"]["code"] == "REQUIREMENTS_NOT_MET"
    assert answer.json()["error"]["details"]["completed"] == []


async def test_the_socket_reports_the_steps_once_and_then_the_image_that_passed() -> None:
    async with playing() as (api, socket):
        api.fakes.quality = StrictQuality(api.fakes.files)
        socket.say({**GENERATE, "num_inference_steps": 2, "require": {"quality": True}})
        heard = await socket.hear_end()
        assert [message["step"] for message in heard[:-1]] == [1, 2]
        assert heard[-1]["verdicts"]["quality"]["passed"] is True
        assert heard[-1]["tries"] == 1
        socket.say({**GENERATE, "require": {"quality": {"min_score": 0.99}}, "max_tries": 2})
        error = (await socket.hear_end())[-1]["error"]
        assert error["code"] == "REQUIREMENTS_NOT_MET"
        assert error["details"] == {"tries": 2, "missed": {"quality": 2}}
        assert len(api.fakes.files.contents) == 1
