"""Answers are mappings whose keys are attributes too."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
from collections.abc import Callable
from typing import Any, get_type_hints

import httpx
import pytest

from inferloop_synthdata import answers
from inferloop_synthdata.answers import datasets as dataset_answers
from inferloop_synthdata.answers import exports as export_answers
from inferloop_synthdata.answers import webhooks as webhook_answers
from inferloop_synthdata.answers.answer import Answer, shaped
from inferloop_synthdata.operations import provenance
from inferloop_synthdata.operations.endpoints import generate_image
from tests.sdk.conftest import Caller

BATCH = {
    "batch_id": "b",
    "images": [{"image_path": "/a.png", "prompt": "p", "verdicts": {"quality": {"passed": True}}}],
    "parameters": {"width": 64},
    "of_tomorrow": {"new": 1},
}
SHAPES = sorted(
    {
        value
        for module in (answers, dataset_answers, export_answers, webhook_answers, provenance)
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Answer)
    },
    key=lambda shape: shape.__name__,
)


def answering(body: Any, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(200, json=body, headers=headers)


def test_items_and_attributes_are_the_same_at_every_depth(caller: Caller) -> None:
    batch = caller.call(answering(BATCH), "generate_batch", prompts=["p"])
    assert batch.images[0].image_path == batch["images"][0]["image_path"] == "/a.png"
    assert batch.images[0].verdicts.quality.passed is True
    assert batch.parameters.width == 64
    assert batch == BATCH
    assert json.loads(json.dumps(batch)) == BATCH


def test_what_was_left_out_is_none_and_what_is_unknown_is_said() -> None:
    image = shaped(answers.GeneratedImage, {"image_path": "/a.png"})
    assert image.tries is None
    with pytest.raises(KeyError):
        image["tries"]
    with pytest.raises(
        AttributeError, match="GeneratedImage has no 'image_pth': it has image_path"
    ):
        _ = image.image_pth


def test_what_a_newer_server_adds_stays(caller: Caller) -> None:
    batch = caller.call(answering(BATCH), "generate_batch", prompts=["p"])
    assert batch["of_tomorrow"] == {"new": 1}
    odd = shaped(answers.GeneratedBatch, {"images": "none", "parameters": None})
    assert odd == {"images": "none", "parameters": None}


def test_a_call_is_found_in_the_log_by_its_answer(caller: Caller) -> None:
    handler = answering({"image_path": "/a.png"}, **{"X-Request-Id": "r-1"})
    image = caller.call(handler, "generate_image", prompt="p")
    assert image.request_id == "r-1"
    assert "request_id" not in image


def test_a_raw_answer_has_status_and_headers(caller: Caller) -> None:
    headers = {"X-Request-Id": "r-1", "X-Served-Model": "m"}
    raw = caller.call(
        answering({"image_path": "/a.png"}, **headers), "send", generate_image(prompt="p")
    )
    assert (raw.status, raw.request_id, raw.headers["x-served-model"]) == (200, "r-1", "m")
    assert raw.answer.image_path == "/a.png"


def test_copies_stay_answers() -> None:
    image = shaped(answers.GeneratedImage, {"image_path": "/a.png"})
    assert pickle.loads(pickle.dumps(image)).image_path == "/a.png"
    assert copy.deepcopy(image).image_path == "/a.png"


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_no_field_hides_behind_a_method_of_dicts(shape: type[Answer]) -> None:
    fields = set(get_type_hints(shape)) - {"request_id"}
    assert not fields & set(dir(dict))
    assert shape is Answer or fields


def test_jobs_are_walked_page_by_page(caller: Caller) -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        if "cursor" in request.url.params:
            return httpx.Response(200, json={"jobs": [{"id": "3", "state": "failed"}]})
        jobs = [{"id": "1", "state": "failed"}, {"id": "2", "state": "failed"}]
        return httpx.Response(200, json={"jobs": jobs, "next_cursor": "c"})

    assert [job.id for job in caller.walk(handler, "jobs.iterate", page_size=2)] == ["1", "2", "3"]
    assert asked == [{"limit": "2"}, {"limit": "2", "cursor": "c"}]


def test_images_are_walked_page_by_page(caller: Caller) -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url.query, "ascii"))
        if "cursor" in request.url.params:
            return httpx.Response(200, json={"images": [{"id": "3"}], "total": 3})
        images = [{"id": "1", "review": {"rating": 4, "tags": []}}, {"id": "2"}]
        return httpx.Response(200, json={"images": images, "total": 3, "next_cursor": "c"})

    found = list(caller.walk(handler, "datasets.images", "d", page_size=2, labels={"a": "b"}))
    assert [image.id for image in found] == ["1", "2", "3"]
    assert found[0].review.rating == 4
    assert asked == ["label=a%3Ab&limit=2", "label=a%3Ab&limit=2&cursor=c"]
