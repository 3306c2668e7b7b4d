"""The result of a run over a declared dataset."""

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
    """An accepted image, with what a later run needs to know about it. `tries`: number of attempts,
    from 1."""

    item_id: str
    seed: int
    tries: int
    hashes: Hashes | None = None


@dataclass(frozen=True, slots=True)
class Shortage:
    """Missing images of one class, with the same reason."""

    stratum: str | None
    """Their class. None without quotas."""
    reason: str
    """The requirement that was not met, or "budget"."""
    count: int
    """Number of missing images."""

    @property
    def message(self) -> str:
        """A sentence such as "short by 12 of class fox: near-duplicate"."""
        whose = "" if self.stratum is None else f" of class {self.stratum}"
        return f"short by {self.count}{whose}: {self.reason}"


@dataclass(slots=True)
class DatasetResult:
    """Counts of a run, updated whenever an item ends."""

    name: str
    requested: int
    made: int = 0
    """Number of images in the dataset now."""
    kept: int = 0
    """Number of these that were there before the run."""
    images_made: int = 0
    """Number of images made in this run, including those that did not pass."""
    taken: dict[str, Taken] = field(default_factory=dict)
    labels: dict[str, Counter[str]] = field(default_factory=dict)
    _short: Counter[tuple[str | None, str]] = field(default_factory=Counter)

    def take(self, item: Item, taken: Taken) -> None:
        """Count an item whose image was accepted."""
        self.made += 1
        self.taken[item.item_id] = taken
        for name, value in item.labels.items():
            self.labels.setdefault(name, Counter())[value] += 1

    def miss(self, item: Item, missed: Mapping[str, int]) -> None:
        """Count an item for which no image passed. `missed`: requirement to how often it was not
        met. The item counts under the most frequent one."""
        reason = min(missed, key=lambda name: (-missed[name], name))
        self._short[(item.stratum, reason)] += 1

    @property
    def short(self) -> tuple[Shortage, ...]:
        """The missing images, ordered by class and reason."""
        found = sorted(self._short.items(), key=lambda entry: (entry[0][0] or "", entry[0][1]))
        return tuple(Shortage(stratum, why, count) for (stratum, why), count in found)

    @property
    def status(self) -> Literal["complete", "short"]:
        """Whether images are missing."""
        return "short" if self._short else "complete"


def taken_of(item: Item, image: StoredImage) -> Taken:
    """The item's accepted image, in the form that later runs need."""
    return Taken(item.item_id, image.seed, image.tries, image.hashes)
