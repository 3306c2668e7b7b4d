"""The declaration of a dataset, as one frozen model for the service, batch jobs and the clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from engines.datasets.spec.parameters import GenerationSpec
from engines.datasets.spec.requirements import (
    DEFAULT_TRIES,
    MAX_TRIES,
    Closed,
    Requirements,
    _shorthand,
)
from engines.datasets.spec.templates import Template, TemplateFault
from engines.types.datasets.labels import MAX_LABELS, LabelValue, Metadata, broken_rule
from engines.types.limits import MAX_PROMPT_CHARS, Seed

MAX_ATTRIBUTES = 32
MAX_VALUES = 1000
MAX_TEMPLATES = 100
MAX_IMAGES = 10_000_000
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
ATTRIBUTE_PATTERN = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
DEFAULT_DISTANCE = 7
"""Bits of 64: images that differ in fewer look alike (see `engines.evidence.near_duplicates`)."""


def _text(value: object) -> object:
    """YAML reads 3 as a number; `yes` and `no` as booleans, which nobody meant."""
    if isinstance(value, bool):
        raise broken_rule("must be text: put yes, no, true and false in quotes")
    return str(value) if isinstance(value, int | float) else value


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str | int | float | bool) else _tuple(value)


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _weighted(value: object) -> object:
    """A list of values is one of equal weights."""
    if isinstance(value, list | tuple):
        return _unique((each, 1.0) for each in value)
    return _unique(value.items()) if isinstance(value, Mapping) else value


def _unique(weights: Iterable[tuple[object, object]]) -> dict[str, object]:
    """Value to weight. What is twice there, or no value at all (an empty line in YAML, a list in
    the list), is a slip that nobody would see in the images."""
    found: dict[str, object] = {}
    for each, weight in weights:
        value = _text(each)
        if not isinstance(value, str) or value in ("nan", "inf", "-inf"):
            raise broken_rule("must have values that are text or finite numbers")
        if value in found:
            raise broken_rule(f"must have each value once: {value}")
        found[value] = weight
    return found


def _cases(value: object) -> object:
    """`[a, b]`, `{values: ...}`, or a list of such objects."""
    if isinstance(value, list | tuple):
        whole = any(isinstance(each, Mapping) for each in value)
        return tuple(value) if whole else ({"values": value},)
    if isinstance(value, Mapping):
        return (value,)
    return value


AttributeName = Annotated[str, StringConstraints(pattern=ATTRIBUTE_PATTERN)]
Value = Annotated[LabelValue, BeforeValidator(_text)]
Weights = Annotated[
    dict[LabelValue, Annotated[float, Field(gt=0, le=1e9)]],
    Field(min_length=1, max_length=MAX_VALUES),
    BeforeValidator(_weighted),
]
Condition = dict[
    AttributeName,
    Annotated[tuple[Value, ...], Field(min_length=1), BeforeValidator(_listed)],
]


class Case(Closed):
    """Values of an attribute, with weights, where a condition holds."""

    values: Weights = Field(description="A list, or value to weight.")
    when: Condition = Field(
        default={}, description="Earlier attributes and the values that they must have."
    )

    def holds(self, chosen: Mapping[str, str]) -> bool:
        """Whether the condition is met; an attribute without a value meets none."""
        return all(chosen.get(name) in values for name, values in self.when.items())


Attribute = Annotated[
    tuple[Case, ...], Field(min_length=1, max_length=MAX_VALUES), BeforeValidator(_cases)
]
"""The first case whose condition holds; where none does, the attribute has no value."""


def _check_template(text: str) -> str:
    if not text.strip():
        raise broken_rule("must be a template that is not blank")
    try:
        Template.parse(text)
    except TemplateFault as fault:
        raise broken_rule(f"must be a template: it {fault}") from None
    return text


TemplateText = Annotated[
    str,
    Field(min_length=1, max_length=MAX_PROMPT_CHARS),
    AfterValidator(_check_template),
]
Templates = Annotated[
    tuple[TemplateText, ...],
    Field(min_length=1, max_length=MAX_TEMPLATES),
    BeforeValidator(_listed),
]


class NearDuplicateRule(Closed):
    """No image looks like another one of its class (without quotas: of the dataset)."""

    min_distance: Annotated[int, Field(ge=1, le=32)] = Field(
        default=DEFAULT_DISTANCE, description="Bits of 64 in which perceptual hashes must differ."
    )


class DatasetRequirements(Requirements):
    """What every image must meet, alone and beside the others."""

    near_duplicates: Annotated[NearDuplicateRule | None, BeforeValidator(_shorthand)] = None


class Budgets(Closed):
    """When to stop. What is missing then is told, and a further run goes on."""

    seconds: Annotated[float, Field(gt=0)] | None = Field(default=None, description="Of one run.")
    images: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Images made in one run, those that did not pass included."
    )
    tries: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Images made again in one run."
    )


class DatasetSpec(Closed):
    """A dataset: how many images, of what, and what each must be like."""

    name: Annotated[str, StringConstraints(pattern=NAME_PATTERN)] = Field(
        description="The dataset's name; it lies in generated/<name>/."
    )
    seed: Seed = Field(default=0, description="Everything that is chosen follows from it.")
    count: Annotated[int, Field(ge=1, le=MAX_IMAGES)] | None = Field(
        default=None, description="Number of images; or else `quotas`."
    )
    quotas: (
        Annotated[dict[AttributeName, int | dict[LabelValue, int]], Field(max_length=1)] | None
    ) = Field(
        default=None,
        description="One attribute: the images of each of its values ({animal: 100}), or of the "
        "values that are named ({animal: {fox: 100, cat: 50}}).",
    )
    attributes: Annotated[dict[AttributeName, Attribute], Field(max_length=MAX_ATTRIBUTES)] = Field(
        default={}, description="What varies; chosen in this order."
    )
    prompt: Templates = Field(description="A template, or several to choose from.")
    negative_prompt: TemplateText | None = Field(default=None, description="A template.")
    generation: GenerationSpec = Field(
        default_factory=GenerationSpec, description="Parameters, each fixed or sampled."
    )
    labels: (
        Annotated[tuple[AttributeName, ...], Field(max_length=MAX_LABELS), BeforeValidator(_tuple)]
        | None
    ) = Field(
        default=None, description="Attributes that become labels; left out: that of the quotas."
    )
    metadata: Metadata = Field(default={}, description="Kept with every image.")
    require: DatasetRequirements = Field(
        default_factory=DatasetRequirements, description="What every image must meet."
    )
    max_tries: Annotated[int, Field(ge=1, le=MAX_TRIES)] = Field(
        default=DEFAULT_TRIES, description="Images made for one place at most."
    )
    exact: bool = Field(
        default=True,
        description="Whether each image is made in steps of its own, so that its pixels are the "
        "same to the last bit whatever else is made; false is quicker on a GPU.",
    )
    budgets: Budgets = Field(default_factory=Budgets, description="When to stop.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for fault in (*_quota_faults(self), *_name_faults(self)):
            raise broken_rule(fault)
        return self

    @property
    def label_names(self) -> tuple[str, ...]:
        """The attributes that become labels."""
        return tuple(self.quotas or ()) if self.labels is None else self.labels


def _quota_faults(spec: DatasetSpec) -> Iterator[str]:
    if (spec.count is None) == (not spec.quotas):
        yield "must have either count or quotas"
    for name, wanted in (spec.quotas or {}).items():
        cases = spec.attributes.get(name, ())
        if len(cases) != 1 or cases[0].when:
            yield f"must have quotas of an attribute without conditions: {name}"
            return
        numbers = wanted if isinstance(wanted, dict) else dict.fromkeys(cases[0].values, wanted)
        if strange := set(numbers) - set(cases[0].values):
            yield f"must have quotas of values of {name}: {min(strange)} is none"
        if min(numbers.values(), default=0) < 1 or sum(numbers.values()) > MAX_IMAGES:
            yield f"must have quotas of at least 1, and {MAX_IMAGES} images at most"


def _condition_faults(name: str, when: Condition, known: Mapping[str, set[str]]) -> Iterator[str]:
    """`known`: the values of each earlier attribute."""
    for used, values in when.items():
        if used not in known:
            yield f"must have conditions on earlier attributes: {name} names {used}"
        elif strange := set(values) - known[used]:
            yield f"must have conditions that can hold: {used} is never {min(strange)} ({name})"


def _name_faults(spec: DatasetSpec) -> Iterator[str]:
    known: dict[str, set[str]] = {}
    for name, cases in spec.attributes.items():
        for case in cases:
            yield from _condition_faults(name, case.when, known)
        if any(not case.when for case in cases[:-1]):
            yield f"must have {name}'s case without a condition last: those after it never hold"
        known[name] = {value for case in cases for value in case.values}
    for name in spec.label_names:
        if name not in known:
            yield f"must have labels that are attributes: {name}"
    always = {name for name, cases in spec.attributes.items() if not cases[-1].when}
    for text in (*spec.prompt, *([spec.negative_prompt] if spec.negative_prompt else [])):
        template = Template.parse(text)
        for name in template.names():
            if name not in known:
                yield f"must have templates over its attributes: {name} is none"
        for name in template.names(optional=False):
            if name not in always:
                yield f"must have {name} in [brackets] in templates: it may be without a value"
