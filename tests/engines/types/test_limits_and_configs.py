"""Bounds of a generation, and the base of every configuration."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from engines.types.frozen import FrozenModel
from engines.types.limits import (
    DEFAULT_GUIDANCE_SCALE,
    DEFAULT_INFERENCE_STEPS,
    DEFAULT_SIDE_PX,
    MAX_GUIDANCE_SCALE,
    MAX_INFERENCE_STEPS,
    MAX_SEED,
    MAX_SIDE_PX,
    MIN_SIDE_PX,
    SIDE_MULTIPLE_PX,
    Guidance,
    Seed,
    Side,
    Steps,
)

TAKEN: dict[str, tuple[Any, list[float]]] = {
    "side": (Side, [MIN_SIDE_PX, DEFAULT_SIDE_PX, MAX_SIDE_PX, MIN_SIDE_PX + SIDE_MULTIPLE_PX]),
    "steps": (Steps, [1, DEFAULT_INFERENCE_STEPS, MAX_INFERENCE_STEPS]),
    "guidance": (Guidance, [0.0, 1.0, DEFAULT_GUIDANCE_SCALE, MAX_GUIDANCE_SCALE]),
    "seed": (Seed, [0, 42, MAX_SEED]),
}
REFUSED: dict[str, tuple[Any, list[float]]] = {
    "side": (Side, [0, MIN_SIDE_PX - SIDE_MULTIPLE_PX, MAX_SIDE_PX + SIDE_MULTIPLE_PX, 65, 513]),
    "steps": (Steps, [0, -1, MAX_INFERENCE_STEPS + 1]),
    "guidance": (Guidance, [-0.1, MAX_GUIDANCE_SCALE + 0.1, float("nan"), float("inf")]),
    "seed": (Seed, [-1, MAX_SEED + 1]),
}


@pytest.mark.parametrize("name", TAKEN)
def test_ends_and_defaults_are_inside_the_bounds(name: str) -> None:
    kind, values = TAKEN[name]
    for value in values:
        assert TypeAdapter(kind).validate_python(value) == value


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_past_the_bounds_is_refused(name: str) -> None:
    kind, values = REFUSED[name]
    for value in values:
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(value)


def test_the_largest_seed_survives_a_browser() -> None:
    """A JSON number of JavaScript is a double: one more would come back as another seed."""
    assert int(float(MAX_SEED)) == MAX_SEED
    assert int(float(MAX_SEED + 2)) != MAX_SEED + 2


class Lamp(FrozenModel):
    watts: int = 40


def test_a_configuration_cannot_be_changed_after_it_is_made() -> None:
    lamp = Lamp()
    with pytest.raises(ValidationError):
        lamp.watts = 60  # type: ignore[misc]
    assert lamp.model_copy(update={"watts": 60}).watts == 60
    assert lamp.watts == 40


def test_a_misspelled_field_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="wats"):
        Lamp.model_validate({"wats": 60})


def test_equal_configurations_are_one_key() -> None:
    assert {Lamp(): "a"}[Lamp()] == "a"
    assert Lamp(watts=60) != Lamp()
