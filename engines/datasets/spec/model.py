"""The declaration of a dataset, as one frozen model for the service, batch jobs and the clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from engines.datasets.spec.parameters import GenerationSpec, _tuple
from engines.datasets.spec.requirements import (
    DEFAULT_TRIES,
    MAX_TRIES,
    Closed,
    Requirements,
    _shorthand,
)
from engines.datasets.spec.templates import Template, TemplateFault
from engines.types.datasets.labels import (
    MAX_LABELS,
    LabelValue,
    Metadata,
    broken_rule,
    broken_rule_of,
)
from engines.types.limits import MAX_PROMPT_CHARS, Seed
from engines.types.names import NewName

MAX_ATTRIBUTES = 32
MAX_VALUES = 1000
MAX_TEMPLATES = 100
MAX_IMAGES = 10_000_000
ATTRIBUTE_PATTERN = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
DEFAULT_DISTANCE = 7
"""Two images look alike if their hashes of 64 bits differ in fewer bits than this."""


def _text(value: object) -> object:
    """A number as text. Booleans are refused: YAML reads `yes` and `no` as booleans, although
    words were meant."""
    if isinstance(value, bool):
        raise broken_rule("must be text: put yes, no, true and false in quotes")
    return str(value) if isinstance(value, int | float) else value


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str | int | float | bool) else _tuple(value)


def _weighted(value: object) -> object:
    """Value to weight. The values of a list have equal weights."""
    if isinstance(value, list | tuple):
        return _unique((each, 1.0) for each in value)
    return _unique(value.items()) if isinstance(value, Mapping) else value


def _unique(weights: Iterable[tuple[object, object]]) -> dict[str, object]:
    """Value to weight. A value that is there twice, or that is neither text nor a number (such as
    an empty line in YAML), is refused: nobody would see this mistake in the images."""
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
    """Read the three forms of an attribute: `[a, b]`, `{values: ...}`, a list of such objects."""
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
    """Values of an attribute, and the condition under which one of them is chosen."""

    values: Weights = Field(
        description="A list of values with equal chances, or an object of values and weights."
    )
    when: Condition = Field(
        default={},
        description="Condition: earlier attributes, and the values that each of them may have. "
        "Empty: always.",
    )

    def holds(self, chosen: Mapping[str, str]) -> bool:
        """Whether the condition is met. `chosen`: the values of earlier attributes. An attribute
        without a value meets no condition."""
        return all(chosen.get(name) in values for name, values in self.when.items())


Attribute = Annotated[
    tuple[Case, ...], Field(min_length=1, max_length=MAX_VALUES), BeforeValidator(_cases)
]
"""The first case whose condition is met decides. If none is met, the attribute has no value."""


def _check_template(text: str) -> str:
    if not text.strip():
        raise broken_rule("must be a template, not blank text")
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
    """No image may look like another image of its class. Without quotas, the whole dataset is one
    class."""

    min_distance: Annotated[int, Field(ge=1, le=32)] = Field(
        default=DEFAULT_DISTANCE,
        description="Number of bits, of 64, in which perceptual hashes must differ.",
    )


class DatasetRequirements(Requirements):
    """Requirements on each image, alone and compared with the others."""

    near_duplicates: Annotated[NearDuplicateRule | None, BeforeValidator(_shorthand)] = None


class Budgets(Closed):
    """Limits of one run. When one is reached, the run reports which images are missing. Another run
    continues."""

    seconds: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="Most seconds of one run."
    )
    images: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Most images made in one run, including those that did not pass.",
    )
    tries: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="Most images made in one run to replace images that did not pass.",
    )


class DatasetSpec(Closed):
    """The declaration of a dataset: how many images, what they show, and their requirements."""

    name: NewName = Field(description="Name of the dataset. Its folder is generated/<name>/.")
    seed: Seed = Field(
        default=0, description="All random choices are derived from it, so a run can be repeated."
    )
    count: Annotated[int, Field(ge=1, le=MAX_IMAGES)] | None = Field(
        default=None, description="Number of images. Give either `count` or `quotas`."
    )
    quotas: (
        Annotated[dict[AttributeName, int | dict[LabelValue, int]], Field(max_length=1)] | None
    ) = Field(
        default=None,
        description="One attribute, and the number of images for each of its values "
        "({animal: 100}), or for some of them ({animal: {fox: 100, cat: 50}}).",
    )
    attributes: Annotated[dict[AttributeName, Attribute], Field(max_length=MAX_ATTRIBUTES)] = Field(
        default={}, description="What varies between images. Values are chosen in this order."
    )
    prompt: Templates = Field(
        description="Template of the prompts, or several; each image uses one of them."
    )
    negative_prompt: TemplateText | None = Field(
        default=None, description="Template of the negative prompts."
    )
    generation: GenerationSpec = Field(
        default_factory=GenerationSpec,
        description="Parameters of the generation, each fixed or chosen at random.",
    )
    labels: (
        Annotated[tuple[AttributeName, ...], Field(max_length=MAX_LABELS), BeforeValidator(_tuple)]
        | None
    ) = Field(
        default=None,
        description="Attributes that become labels. If left out: the attribute of `quotas`.",
    )
    metadata: Metadata = Field(default={}, description="JSON that is stored with every image.")
    require: DatasetRequirements = Field(
        default_factory=DatasetRequirements, description="Requirements on every image."
    )
    max_tries: Annotated[int, Field(ge=1, le=MAX_TRIES)] = Field(
        default=DEFAULT_TRIES,
        description="Most attempts for one image: an image that does not pass is made again with "
        "another seed.",
    )
    exact: bool = Field(
        default=True,
        description="True: each image is generated alone, so that its pixels do not depend on "
        "other images, to the last bit. False: images share batches, which is faster on a GPU.",
    )
    budgets: Budgets = Field(default_factory=Budgets, description="Limits of one run.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.count is None) == (not self.quotas):
            raise broken_rule("must have either count or quotas")
        for field, value, fault in (*_quota_faults(self), *_name_faults(self)):
            raise broken_rule_of(self, field, value, fault)
        return self

    @property
    def label_names(self) -> tuple[str, ...]:
        """The attributes that become labels."""
        return tuple(self.quotas or ()) if self.labels is None else self.labels

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that images are matched to or compared with, each once."""
        matched = () if self.generation.profile is None else self.generation.profile.choices
        wanted = () if self.require.profile is None else (self.require.profile.name,)
        return tuple(dict.fromkeys((*map(str, matched), *wanted)))


_Fault = tuple[str, str, str]
"""The field, its part that is wrong, and the rule that this breaks."""


def _quota_faults(spec: DatasetSpec) -> Iterator[_Fault]:
    for name, wanted in (spec.quotas or {}).items():
        cases = spec.attributes.get(name, ())
        if len(cases) != 1 or cases[0].when:
            yield "quotas", name, f"must be for an attribute without conditions, not for {name}"
            return
        numbers = wanted if isinstance(wanted, dict) else dict.fromkeys(cases[0].values, wanted)
        if strange := set(numbers) - set(cases[0].values):
            yield "quotas", min(strange), f"must be for values of {name}: {min(strange)} is not one"
        if min(numbers.values(), default=0) < 1 or sum(numbers.values()) > MAX_IMAGES:
            words = f"must be at least 1 each, and at most {MAX_IMAGES} images in all"
            yield "quotas", name, words


def _condition_faults(
    name: str, when: Condition, known: Mapping[str, set[str]]
) -> Iterator[_Fault]:
    """`known`: the values of each earlier attribute."""
    for used, values in when.items():
        if used not in known:
            words = f"must have conditions on earlier attributes: {name} names {used}"
            yield "attributes", name, words
        elif strange := set(values) - known[used]:
            words = f"must have conditions that can be met: {used} is never {min(strange)} ({name})"
            yield "attributes", name, words


def _name_faults(spec: DatasetSpec) -> Iterator[_Fault]:
    known: dict[str, set[str]] = {}
    for name, cases in spec.attributes.items():
        for case in cases:
            yield from _condition_faults(name, case.when, known)
        if any(not case.when for case in cases[:-1]):
            words = f"must have the case of {name} without a condition last: no later one is used"
            yield "attributes", name, words
        known[name] = {value for case in cases for value in case.values}
    for name in spec.label_names:
        if name not in known:
            yield "labels", name, f"must name attributes of the declaration: {name} is not one"
    always = {name for name, cases in spec.attributes.items() if not cases[-1].when}
    negative = [] if spec.negative_prompt is None else [("negative_prompt", spec.negative_prompt)]
    for field, text in (*(("prompt", text) for text in spec.prompt), *negative):
        template = Template.parse(text)
        for name in template.names():
            if name not in known:
                yield field, text, f"must name attributes of the declaration: {name} is not one"
        for name in template.names(optional=False):
            if name not in always:
                yield field, text, f"must have {name} in [brackets]: it may have no value"
