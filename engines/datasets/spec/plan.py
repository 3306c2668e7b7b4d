"""The plan of a declared dataset: its images, their order, and the request for each.

An item depends only on the declaration (without counts and budgets), the item's class, and its
number within the class. So a larger count adds items and does not change the others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import orjson

from engines.datasets.spec.model import DatasetSpec
from engines.datasets.spec.parameters import Scalar
from engines.datasets.spec.sampling import Draws
from engines.datasets.spec.seeds import derived
from engines.datasets.spec.templates import Template
from engines.errors import InvalidParameters
from engines.types import GenerationRequest
from engines.types.datasets.distinct_names import digest, distinct_names
from engines.types.limits import MAX_PROMPT_CHARS

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,40}")
_DIGEST_DIGITS = 8
_LATER = ("count", "quotas", "budgets")
"""Fields that may change without making it a different dataset."""


@dataclass(frozen=True, slots=True)
class Item:
    """One image to be made."""

    item_id: str
    """Also the name of its file, without the suffix."""
    stratum: str | None
    """Its class. None without quotas."""
    number: int
    """Its number within the class, from 0."""
    seed: int
    prompt: str
    negative_prompt: str | None
    parameters: Mapping[str, Scalar]
    attributes: Mapping[str, str]
    labels: Mapping[str, str]


class DatasetPlan:
    """The plan of a declaration. Items are computed when they are asked for."""

    def __init__(self, spec: DatasetSpec) -> None:
        self.spec = spec
        self._prompts = [Template.parse(text) for text in spec.prompt]
        negative = spec.negative_prompt
        self._negative = None if negative is None else Template.parse(negative)

    @cached_property
    def strata(self) -> Mapping[str | None, int]:
        """Class to its number of images. Without quotas there is one class, None."""
        for name, wanted in (self.spec.quotas or {}).items():
            numbers: dict[str | None, int] = {}
            if isinstance(wanted, int):
                return numbers | dict.fromkeys(self.spec.attributes[name][0].values, wanted)
            return numbers | dict(wanted)
        return {None: self.spec.count or 0}

    @cached_property
    def _slugs(self) -> Mapping[str | None, str]:
        """Class to the beginning of its file names. Two classes may get the same one: some file
        systems do not distinguish `Fox` and `fox`, and long names are shortened. A digest is
        appended to those."""
        slugs = {stratum: _slug(stratum) for stratum in self._classes()}
        return distinct_names(slugs, "-", _DIGEST_DIGITS)

    def _classes(self) -> Iterable[str | None]:
        """Every class that the declaration can have, also those without a quota."""
        for name in self.spec.quotas or ():
            cases = self.spec.attributes[name]
            return dict.fromkeys(value for case in cases for value in case.values)
        return self.strata

    @property
    def total(self) -> int:
        """Number of images to be made."""
        return sum(self.strata.values())

    def items(self) -> Iterator[Item]:
        """Every item: the first of each class, then the second of each, and so on."""
        for number in range(max(self.strata.values())):
            for stratum, count in self.strata.items():
                if number < count:
                    yield self.item(stratum, number)

    def item(self, stratum: str | None, number: int) -> Item:
        """One item. `number` may be larger than the planned count.

        Raises:
            InvalidParameters: the prompt is blank or too long with the chosen values.
        """
        draws = Draws((self.spec.seed, stratum or "", number))
        attributes = self._attributes(stratum, draws)
        template = draws.pick("prompt", self._prompts)
        negative = None if self._negative is None else self._negative.fill(attributes)
        return Item(
            item_id=f"{self._slugs.get(stratum) or _slug(stratum)}-{number:05d}",
            stratum=stratum,
            number=number,
            seed=derived(*draws.root, "seed"),
            prompt=_checked("prompt", template.fill(attributes)),
            negative_prompt=_checked("negative_prompt", negative) if negative else None,
            parameters=self.spec.generation.draw(draws),
            attributes=attributes,
            labels={n: attributes[n] for n in self.spec.label_names if n in attributes},
        )

    def request(self, item: Item, default_model: str) -> GenerationRequest:
        """The request for the item's image, for the first attempt. `default_model` is used if the
        declaration names no model."""
        parameters = {"model_id": default_model, **item.parameters}
        return GenerationRequest(
            image_id=item.item_id,
            prompt=item.prompt,
            negative_prompt=item.negative_prompt,
            seed=item.seed,
            dataset=self.spec.name,
            labels=dict(item.labels),
            metadata=dict(self.spec.metadata),
            progress=False,
            alone=self.spec.exact,
            fingerprint=self.spec.require.near_duplicates is not None,
            **parameters,  # type: ignore[arg-type]
        )

    @cached_property
    def identity(self) -> str:
        """SHA-256 of everything that an item depends on, 64 hexadecimal digits."""
        told = self.spec.model_dump(mode="json", exclude=set(_LATER))
        told["quota"] = [*(self.spec.quotas or ())]
        if told["generation"]["speed"] is None:  # keeps the digests of versions without `speed`
            del told["generation"]["speed"]
        return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def _attributes(self, stratum: str | None, draws: Draws) -> dict[str, str]:
        chosen: dict[str, str] = {}
        fixed = next(iter(self.spec.quotas), None) if self.spec.quotas else None
        for name, cases in self.spec.attributes.items():
            if name == fixed and stratum is not None:
                chosen[name] = stratum
                continue
            case = next((case for case in cases if case.holds(chosen)), None)
            if case is not None:
                # Sorted, because JSON tools may change the order of an object's keys.
                values = sorted(case.values)
                weights = [case.values[value] for value in values]
                chosen[name] = draws.pick(f"attribute {name}", values, weights)
        return chosen


def _slug(stratum: str | None) -> str:
    """The name of a class in a form that is suitable for file names."""
    if stratum is None:
        return "item"
    if _PLAIN.fullmatch(stratum):
        return stratum
    marked = digest(stratum, _DIGEST_DIGITS)
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", stratum).strip("-")[:24]
    return f"{plain}-{marked}" if plain else marked


def _checked(name: str, text: str) -> str:
    if not text.strip() or len(text) > MAX_PROMPT_CHARS:
        constraint = f"1 to {MAX_PROMPT_CHARS} characters with every value, not blank"
        raise InvalidParameters.of(name, text[:100], constraint, f"must have {constraint}")
    return text
