"""Parameters of the generation: each fixed, chosen from a list, or drawn from a range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

from engines.datasets.spec.requirements import Closed
from engines.datasets.spec.sampling import Draws
from engines.types.datasets.labels import broken_rule, broken_rule_of
from engines.types.limits import (
    DEFAULT_GUIDANCE_SCALE,
    DEFAULT_INFERENCE_STEPS,
    DEFAULT_SIDE_PX,
    SIDE_MULTIPLE_PX,
    Guidance,
    Side,
    Speed,
    Steps,
)

Scalar = str | int | float
MAX_CHOICES = 100
_STEPS = {"width": SIDE_MULTIPLE_PX, "height": SIDE_MULTIPLE_PX, "num_inference_steps": 1}
"""Step width of a range of integers. Ranges of other parameters are continuous."""
Share = Annotated[float, Field(ge=0, le=1)]
_NAMED = Annotated[str, Field(min_length=1, max_length=200)]
_TYPES: Mapping[str, TypeAdapter[Scalar]] = {
    "width": TypeAdapter(Side),
    "height": TypeAdapter(Side),
    "num_inference_steps": TypeAdapter(Steps),
    "guidance_scale": TypeAdapter(Guidance),
    "guidance_rescale": TypeAdapter(Share),
    "profile_strength": TypeAdapter(Share),
    "model_id": TypeAdapter(_NAMED),
    "profile": TypeAdapter(_NAMED),
    "lora": TypeAdapter(_NAMED),
    "speed": TypeAdapter(Speed),
}
_DEFAULTS: Mapping[str, Scalar] = {
    "width": DEFAULT_SIDE_PX,
    "height": DEFAULT_SIDE_PX,
    "num_inference_steps": DEFAULT_INFERENCE_STEPS,
    "guidance_scale": DEFAULT_GUIDANCE_SCALE,
    "profile_strength": 1.0,
}


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Sampled(Closed):
    """A random parameter: either one of `choices`, or a number from `min` to `max`, both
    included."""

    choices: Annotated[
        tuple[Scalar, ...], Field(max_length=MAX_CHOICES), BeforeValidator(_tuple)
    ] = ()
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        ranged = self.min is not None and self.max is not None
        if bool(self.choices) == ranged or (self.min is None) != (self.max is None):
            raise broken_rule("must be a value, a list of values, or {min: ..., max: ...}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise broken_rule(
                f"must have a min that is at most its max: {self.min:g} > {self.max:g}"
            )
        return self


def _sampled(value: object) -> object:
    if isinstance(value, list | tuple):
        return {"choices": tuple(value)}
    return {"choices": (value,)} if isinstance(value, str | int | float) else value


Choice = Annotated[Sampled | None, BeforeValidator(_sampled)]


class GenerationSpec(Closed):
    """Parameters of the generation, as in `POST /generate`. A parameter that is left out has the
    default of that call."""

    model_id: Choice = None
    width: Choice = None
    height: Choice = None
    num_inference_steps: Choice = None
    guidance_scale: Choice = None
    guidance_rescale: Choice = None
    profile: Choice = None
    profile_strength: Choice = None
    lora: Choice = None
    speed: Choice = None

    @model_validator(mode="after")
    def _in_the_contracts_bounds(self) -> Self:
        for name, adapter in _TYPES.items():
            sampled: Sampled | None = getattr(self, name)
            ends = () if sampled is None else (*sampled.choices, sampled.min, sampled.max)
            for end in ends:
                fault = None if end is None else _fault(_exact(name, end), adapter)
                if fault is not None:
                    raise broken_rule_of(self, name, end, fault)
        return self

    def draw(self, draws: Draws) -> dict[str, Scalar]:
        """Parameter name to value, for one image. A parameter that was left out and has no default
        is not in it."""
        drawn = dict(_DEFAULTS)
        for name in _TYPES:
            sampled: Sampled | None = getattr(self, name)
            if sampled is not None:
                drawn[name] = _exact(name, _draw(sampled, name, draws))
        return drawn


def _draw(sampled: Sampled, name: str, draws: Draws) -> Scalar:
    if sampled.min is None or sampled.max is None:
        return draws.pick(name, sampled.choices)
    return draws.between(name, sampled.min, sampled.max, _STEPS.get(name))


def _exact(name: str, value: Scalar) -> Scalar:
    """A whole number as int if the parameter is an integer. Another number as float, rounded to
    6 decimals."""
    if isinstance(value, str | bool):
        return value
    if name in _STEPS:
        return int(value) if float(value).is_integer() else value
    return round(float(value), 6)


def _fault(value: Scalar, adapter: TypeAdapter[Scalar]) -> str | None:
    """What is wrong with a value of a parameter, such as "must be ..."; None if nothing is."""
    if isinstance(value, bool):
        return "must not be true or false"
    try:
        adapter.validate_python(value, strict=True)
    except ValidationError as error:
        return error.errors(include_url=False)[0]["msg"].replace("Input should", "must", 1)
    return None
