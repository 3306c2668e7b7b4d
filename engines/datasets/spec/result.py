"""What became of a declared dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engines.datasets.spec.alike import Hashes
from engines.datasets.spec.plan import Item
from engines.types import StoredImage

BUDGET = "budget"
NEAR_DUPLICATE = "near-duplicate"


@dataclass(frozen=True, slots=True)
class Taken:
    """An image that is in the dataset, as later runs need to know it."""

    item_id: str
    seed: int
    tries: int
    hashes: Hashes | None = None


@dataclass(frozen=True, slots=True)
class Shortage:
    """Images that are missing, for one reason."""

    stratum: str | None
    """Their class, where there are quotas."""
    reason: str
    """The requirement that was missed, or "budget"."""
    count: int

    @property
    def message(self) -> str:
        """In words: "short by 12 of class fox: near-duplicate"."""
        whose = "" if self.stratum is None else f" of class {self.stratum}"
        return f"short by {self.count}{whose}: {self.reason}"


@dataclass(slots=True)
class DatasetResult:
    """Counted while the items end."""

    name: str
    requested: int
    made: int = 0
    """Images that are in the dataset now."""
    kept: int = 0
    """Of these: were there before."""
    images_made: int = 0
    """In this run, those included that did not pass."""
    taken: dict[str, Taken] = field(default_factory=dict)
    labels: dict[str, Counter[str]] = field(default_factory=dict)
    _short: Counter[tuple[str | None, str]] = field(default_factory=Counter)

    def take(self, item: Item, taken: Taken) -> None:
        """The item's image is in the dataset."""
        self.made += 1
        self.taken[item.item_id] = taken
        for name, value in item.labels.items():
            self.labels.setdefault(name, Counter())[value] += 1

    def miss(self, item: Item, missed: Mapping[str, int]) -> None:
        """None of the item's images passed: it counts under what failed most often."""
        reason = min(missed, key=lambda name: (-missed[name], name))
        self._short[(item.stratum, reason)] += 1

    @property
    def short(self) -> tuple[Shortage, ...]:
        """What is missing, ordered by class and reason."""
        found = sorted(self._short.items(), key=lambda entry: (entry[0][0] or "", entry[0][1]))
        return tuple(Shortage(stratum, why, count) for (stratum, why), count in found)

    @property
    def status(self) -> Literal["complete", "short"]:
        return "short" if self._short else "complete"


def taken_of(item: Item, image: StoredImage) -> Taken:
    """What later runs need of an image that passed."""
    return Taken(item.item_id, image.seed, image.tries, image.hashes)
