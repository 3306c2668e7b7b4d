"""`labels` and `metadata` on every way to ask for an image; labels in the filter of an export."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from engines.types import DatasetSummary, ExportRequest
from tests.serve_app.api import Api
from tests.serve_app.fake_library import FakeDatasets
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import EPOCH, PNG
from tests.serve_app.socket_play import GENERATE, playing

ONE: dict[str, Any] = {"prompt": "A fox", "num_inference_steps": 2}
TWO: dict[str, Any] = {"prompts": ["A fox", "A cat"], "num_inference_steps": 2}
PATHS = [("/api/v1/generate", ONE), ("/api/v1/generate/batch", TWO)]
GIVEN: dict[str, Any] = {
    "labels": {"animal": "fox", "season": "late winter"},
    "metadata": {"camera": {"lens_mm": 35.5}, "tags": ["a", None, True]},
}


@pytest.mark.parametrize(("path", "body"), PATHS)
def test_they_reach_the_engine_and_are_echoed(
    client: TestClient, fakes: FakeServices, path: str, body: dict[str, Any]
) -> None:
    answer = client.post(path, json={**body, **GIVEN})
    assert answer.status_code == 200
    parameters = answer.json()["parameters"]
    assert {name: parameters[name] for name in GIVEN} == GIVEN
    for request in fakes.generation.started:
        assert {"labels": request.labels, "metadata": request.metadata} == GIVEN


@pytest.mark.parametrize(("path", "body"), PATHS)
def test_left_out_nothing_is_said_of_them(
    client: TestClient, fakes: FakeServices, path: str, body: dict[str, Any]
) -> None:
    parameters = client.post(path, json=body).json()["parameters"]
    assert "labels" not in parameters
    assert "metadata" not in parameters
    assert fakes.generation.started[0].labels == {}


def test_images_of_a_batch_have_their_own(client: TestClient, fakes: FakeServices) -> None:
    body = {
        **TWO,
        "labels": {"place": "wood", "animal": "?"},
        "labels_by_prompt": [{"animal": "fox"}, {"animal": "cat"}],
        "metadata_by_prompt": [{"n": 1}, {"n": 2}],
    }
    assert client.post("/api/v1/generate/batch", json=body).status_code == 200
    made = {each.prompt: each for each in fakes.generation.started}
    assert made["A fox"].labels == {"place": "wood", "animal": "fox"}
    assert made["A cat"].labels == {"place": "wood", "animal": "cat"}
    assert made["A cat"].metadata == {"n": 2}


@pytest.mark.parametrize("name", ["labels_by_prompt", "metadata_by_prompt"])
def test_fewer_than_prompts_are_refused(client: TestClient, fakes: FakeServices, name: str) -> None:
    answer = client.post("/api/v1/generate/batch", json={**TWO, name: [{"animal": "fox"}]})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["parameter"] == name
    assert answer.json()["error"]["message"].endswith("must be as many as prompts: 2")
    assert not fakes.generation.started


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


UNSEEN = "\x85\u00ad\u061c\u200b\u200e\u200f\u2028\u202a\u202e\u2060\u2066\u2069\ufeff"


@pytest.mark.parametrize(
    "value",
    ["می\u200cخواهم", "👩\u200d🚀", "क्\u200dष", "fox", "Füchschen", "狐 1"],
)
def test_a_label_in_any_script_is_kept(client: TestClient, fakes: FakeServices, value: str) -> None:
    answer = client.post("/api/v1/generate", json={"prompt": "a", "labels": {"animal": value}})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"labels": {f"l{n}": "v" for n in range(17)}}, "at most 16 items"),
        ({"labels": {"animal": "f" * 101}}, "100 characters"),
        ({"labels": {"animal": " "}}, "must not be blank"),
        ({"labels": {"animal": "a\nb"}}, "control or invisible characters"),
        *(({"labels": {"animal": f"fox{mark}"}}, "invisible") for mark in UNSEEN),
        ({"labels": {"animal": "\u200d"}}, "invisible"),
        ({"labels": {"animal": "fo\u200dx"}}, "invisible"),
        ({"labels": {"1st": "a"}}, "letters, digits, dashes or underscores"),
        ({"labels": {"a.b": "a"}}, "letters, digits, dashes or underscores"),
        ({"labels": {"n": 3}}, "must be a string"),
        ({"labels": ["fox"]}, "must be an object"),
        ({"metadata": {"text": "x" * 4097}}, "must be at most 4096 bytes as JSON"),
        ({"metadata": {f"k{n}": 1 for n in range(33)}}, "at most 32 items"),
        ({"metadata": {"k" * 65: 1}}, "64 characters"),
        ({"metadata": {"n": 2**53}}, "whole numbers below 2^53"),
        ({"metadata": {"n": nested(20)}}, "16 levels"),
        ({"metadata": "text"}, "must be an object"),
    ],
)
def test_outside_their_bounds_they_are_refused_by_name(
    client: TestClient, fakes: FakeServices, given: dict[str, Any], words: str
) -> None:
    answer = client.post("/api/v1/generate", json={**ONE, **given})
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert words in error["message"]
    assert error["details"]["parameter"].split(".")[0] == next(iter(given))
    assert not fakes.generation.started


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(client: TestClient, number: str) -> None:
    body = '{"prompt": "A fox", "metadata": {"n": ' + number + "}}"
    assert client.post("/api/v1/generate", content=body).status_code == 400


@pytest.mark.parametrize("name", ["labels", "metadata"])
def test_text_that_no_file_can_hold_is_refused(
    client: TestClient, fakes: FakeServices, name: str
) -> None:
    body = '{"prompt": "A fox", "' + name + '": {"animal": "\\ud800"}}'
    answer = client.post("/api/v1/generate", content=body)
    assert answer.status_code == 400
    assert "Unicode" in answer.json()["error"]["message"]
    assert not fakes.generation.started


async def test_the_socket_takes_them_too() -> None:
    async with playing() as (api, socket):
        socket.say({**GENERATE, "num_inference_steps": 1, **GIVEN})
        result = (await socket.hear_end())[-1]
        assert {name: result["parameters"][name] for name in GIVEN} == GIVEN
        assert api.fakes.generation.started[0].labels == GIVEN["labels"]


@pytest.mark.parametrize("values", ["fox", ["fox"]])
def test_an_export_takes_a_filter_by_label(
    client: TestClient, fakes: FakeServices, values: object
) -> None:
    fakes.files.contents["generated/nature_set/a.png"] = PNG
    body = {
        "dataset_dir": "/data/generated/nature_set",
        "output_file": "/data/exports/a.csv",
        "filter": {"labels": {"animal": values}},
        "class_label": "animal",
    }
    assert client.post("/api/v1/export/csv", json=body).status_code == 200
    request = fakes.exporter.requests[0]
    assert isinstance(request, ExportRequest)
    assert request.filter.labels == {"animal": ("fox",)}
    assert (request.format, request.class_label) == ("csv", "animal")


@pytest.mark.parametrize("format_", ["csv", "coco", "imagefolder"])
def test_the_formats_of_labels_have_their_routes(
    client: TestClient, fakes: FakeServices, format_: str
) -> None:
    fakes.files.contents["generated/nature_set/a.png"] = PNG
    body = {"dataset_dir": "/data/generated/nature_set", "output_file": "/data/exports/a.zip"}
    answer = client.post(f"/api/v1/export/{format_}", json=body)
    assert answer.json()["output_file"] == "/data/exports/a.zip"
    assert [getattr(each, "format", None) for each in fakes.exporter.requests] == [format_]


@pytest.mark.parametrize("labels", [{"animal": []}, {"animal": [3]}, {"a b": ["c"]}, "fox"])
def test_a_filter_by_what_is_no_label_is_refused(client: TestClient, labels: object) -> None:
    body = {
        "dataset_dir": "/data/generated/nature_set",
        "output_file": "/data/exports/a.csv",
        "filter": {"labels": labels},
    }
    answer = client.post("/api/v1/export/csv", json=body)
    assert answer.status_code == 400
    assert "filter.labels" in answer.json()["error"]["details"]["parameter"]


class LabeledDatasets(FakeDatasets):
    async def get(self, name: str) -> DatasetSummary:
        return DatasetSummary(name, 3, 300, EPOCH, {}, {"animal": {"fox": 2, "cat": 1}})


def test_a_dataset_shows_how_many_images_have_which_label(client: TestClient) -> None:
    assert "labels" not in client.get("/api/v1/datasets/nature_set").json()


def test_a_labeled_dataset_shows_its_labels(labeled_client: TestClient) -> None:
    shown = labeled_client.get("/api/v1/datasets/farm").json()
    assert shown["labels"] == {"animal": {"fox": 2, "cat": 1}}


@pytest.fixture
def labeled_client() -> Any:
    from serve_app.config import ApiConfig
    from tests.serve_app.api import HEADERS, build_api

    api = build_api(FakeServices(datasets=LabeledDatasets()), ApiConfig(rates=Api.GENEROUS))
    with TestClient(api.app, headers=HEADERS) as client:
        yield client
