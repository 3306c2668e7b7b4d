"""From a body to the engine's requests: every field arrives, seeds count up, extras are echoed."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.errors import InvalidParameters
from engines.types.limits import MAX_SEED
from serve_app.config import ApiConfig
from serve_app.generation.requests import (
    batch_parameters,
    batch_requests,
    generate_parameters,
    single_request,
)
from serve_app.schemas.bounds.bounded import batch_model, generate_model

GENERATE, BATCH = generate_model(ApiConfig()), batch_model(ApiConfig())
EXTRAS: dict[str, Any] = {
    "dataset": "birds",
    "profile": "street",
    "profile_strength": 0.5,
    "lora": "ink",
    "guidance_rescale": 0.7,
    "speed": "fast",
    "labels": {"kind": "fox"},
    "metadata": {"batch": [1, None]},
}
SIZES: dict[str, Any] = {
    "width": 128,
    "height": 64,
    "num_inference_steps": 9,
    "guidance_scale": 3.5,
}


def nobody() -> int:
    raise AssertionError("a seed was drawn although one was given")


# One image


def test_every_field_of_the_body_arrives() -> None:
    body = GENERATE(prompt="a fox", negative_prompt="blur", model_id="m", seed=7, **SIZES, **EXTRAS)
    request = single_request(body, "image_1", nobody, progress=True, previews=True)
    texts = (request.image_id, request.prompt, request.negative_prompt)
    assert texts == ("image_1", "a fox", "blur")
    for name, value in {"model_id": "m", "seed": 7, **SIZES, **EXTRAS}.items():
        assert getattr(request, name) == value, name
    assert (request.progress, request.previews, request.repeated) == (True, True, False)


def test_a_seed_is_drawn_where_none_is_given_and_zero_is_one() -> None:
    assert single_request(GENERATE(prompt="a"), "i", lambda: 99).seed == 99
    assert single_request(GENERATE(prompt="a", seed=0), "i", nobody).seed == 0


@given(st.sets(st.sampled_from(sorted(EXTRAS))))
def test_extras_are_echoed_where_they_were_given_and_nowhere_else(names: set[str]) -> None:
    given_extras = {name: EXTRAS[name] for name in names}
    one = generate_parameters(GENERATE(prompt="a", **given_extras), 5)
    many = batch_parameters(BATCH(prompts=["a"], **given_extras))
    for echoed in (one, many):
        told = echoed.model_dump(exclude_unset=True)
        assert {name: told[name] for name in EXTRAS if name in told} == given_extras
    assert one.seed == 5


@pytest.mark.parametrize("name", ["dataset", "lora", "labels", "speed"])
def test_an_extra_that_is_null_is_as_if_left_out(name: str) -> None:
    left_out: dict[str, Any] = {name: None}
    parameters = generate_parameters(GENERATE(prompt="a", **left_out), 5)
    assert name not in parameters.model_dump(exclude_unset=True)


# A batch


@given(st.integers(1, 64), st.integers(0, MAX_SEED))
def test_seeds_count_up_and_none_passes_the_bound(count: int, seed: int) -> None:
    body = BATCH(prompts=["a"] * count, seed=seed)
    if seed + count - 1 > MAX_SEED:
        with pytest.raises(InvalidParameters, match=f"for {count} prompts") as refused:
            batch_requests(body, "u", nobody, MAX_SEED)
        assert refused.value.details["constraint"] == f"0 <= seed <= {MAX_SEED - count + 1}"
        return
    requests = batch_requests(body, "u", nobody, MAX_SEED)
    assert [request.seed for request in requests] == list(range(seed, seed + count))
    assert len({request.image_id for request in requests}) == count


def test_without_a_seed_each_image_draws_its_own() -> None:
    drawn = itertools.count(10, 7)
    requests = batch_requests(BATCH(prompts=["a", "b", "c"]), "u", lambda: next(drawn), MAX_SEED)
    made = [(request.prompt, request.seed) for request in requests]
    assert made == [("a", 10), ("b", 17), ("c", 24)]


def test_labels_of_a_prompt_go_before_those_of_all() -> None:
    body = BATCH(
        prompts=["a fox", "a cat"],
        labels={"kind": "animal", "source": "made"},
        labels_by_prompt=[{"kind": "fox"}, {}],
        metadata_by_prompt=[{"n": 1}, {"n": 2}],
    )
    first, second = batch_requests(body, "u", lambda: 1, MAX_SEED)
    assert first.labels == {"kind": "fox", "source": "made"}
    assert second.labels == {"kind": "animal", "source": "made"}
    assert (first.metadata, second.metadata) == ({"n": 1}, {"n": 2})


@pytest.mark.parametrize("name", ["labels_by_prompt", "metadata_by_prompt"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_what_is_given_by_prompt_is_as_long_as_the_prompts(name: str, count: int) -> None:
    by_prompt: dict[str, Any] = {name: [{}] * count}
    body = BATCH(prompts=["a", "b"], **by_prompt)
    with pytest.raises(InvalidParameters, match="as many as prompts: 2") as refused:
        batch_requests(body, "u", lambda: 1, MAX_SEED)
    assert (refused.value.details["parameter"], refused.value.details["value"]) == (name, count)


@pytest.mark.parametrize("fields", [{}, {"seed": 0}, {"negative_prompt": "blur"}])
def test_a_batch_echoes_seed_and_negative_prompt_where_given(fields: dict[str, Any]) -> None:
    told = batch_parameters(BATCH(prompts=["a"], **fields)).model_dump(exclude_unset=True)
    assert {name: told[name] for name in ("seed", "negative_prompt") if name in told} == fields
