"""Compares a dataset's features with those of real images, and finds generated images that are
copies of a real one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from engines.evidence.local_features import FEWEST_AGREEING, LocalPoints, local_points, taken_from
from engines.evidence.statistics import copying as test_of_copying
from engines.evidence.statistics import fidelity as test_of_fidelity
from engines.evidence.statistics import kid as test_of_kid
from engines.evidence.statistics.copying import sampled
from engines.evidence.statistics.rows import Near, Rows, nearest
from engines.protocols import StopCheck, never_stopped
from engines.types.datasets.reports import CopyingOut, IntervalOut, ReferenceEvidence, Taken

if TYPE_CHECKING:
    from engines.evidence.config import EvidenceConfig
    from engines.evidence.feature_file import ImageFacts
    from engines.types import Pixels

CANDIDATES = 10
"""Number of nearest real images that each image is compared with. In a test with crops to 60 % of
photographs, they contained the source of 99 of 100 (benchmarks/RESULTS.md, Evidence, second
table)."""
HASH_BITS = 6
"""Most bits, of 64, in which the perceptual hashes of a copy and of its source differ."""
SHOWN = 200
"""Most copies that the result names."""

ReadImage = Callable[[str], "Pixels | None"]
"""Takes the name of an image. Returns its pixels, RGB uint8 (height, width, 3), or None if it
can no longer be read."""


@dataclass(frozen=True, slots=True)
class Side:
    """The images of one side of the comparison, real or generated."""

    facts: Sequence[ImageFacts]
    features: Rows
    read: ReadImage | None
    """None if only features are available. Copies are then found by their hashes alone."""


def against_real(
    reference: str,
    real: Side,
    made: Side,
    config: EvidenceConfig,
    on_image: Callable[[], None] = lambda: None,
    stop: StopCheck = never_stopped,
) -> ReferenceEvidence:
    """Compare generated images (`made`) with `real` ones. Figures for which there are too few
    images are None. Blocks for minutes if there are many images.

    `on_image` is called after each searched image. `stop` may raise an error to stop the work.
    """
    real_some = sampled(real.features, config.max_compared)
    made_some = sampled(made.features, config.max_compared)
    found = ReferenceEvidence(reference=reference, images=len(real.facts), compared=len(made_some))
    update: dict[str, object] = {}
    if min(len(real_some), len(made_some)) >= test_of_fidelity.FEWEST:
        update |= asdict(test_of_fidelity.fidelity(real_some, made_some, stop=stop))
        interval = test_of_kid.kid(
            sampled(real.features, test_of_kid.MOST), sampled(made.features, test_of_kid.MOST)
        )
        update["kid"] = IntervalOut(**asdict(interval))
    if len(real_some) >= test_of_copying.FEWEST and len(made.facts):
        shift = test_of_copying.copying(real_some, made.features, stop=stop)
        update["copying"] = CopyingOut(**asdict(shift))
    taken, searched = find_sources(real, made, config.max_searched, on_image, stop)
    update |= {"searched": searched, "taken_count": len(taken), "taken": tuple(taken[:SHOWN])}
    return found.model_copy(update=update)


def find_sources(
    real: Side,
    made: Side,
    most: int,
    on_image: Callable[[], None] = lambda: None,
    stop: StopCheck = never_stopped,
) -> tuple[list[Taken], int]:
    """Find images that were made from a real one. Returns them, the most certain first, and the
    number of searched images.

    The `most` images that are nearest to a real one are searched. Each is compared with its
    `CANDIDATES` nearest real images, by agreeing points (`taken_from`) and by hash.
    """
    if not len(real.facts) or not len(made.facts):
        return [], 0
    near = nearest(made.features, real.features, min(CANDIDATES, len(real.facts)), stop=stop)
    order = np.argsort(near.distances[:, 0], kind="stable")[:most]
    points = _PointsOfReal(real)
    found = []
    for position in order.tolist():
        stop()
        source = _source(position, near, real, made, points)
        if source is not None:
            found.append(source)
        on_image()
    return sorted(found, key=lambda each: (-each.agreeing_points, each.distance)), len(order)


class _PointsOfReal:
    """Local points of real images. The last `most` results are kept."""

    def __init__(self, real: Side, most: int = 256) -> None:
        self._real = real
        self._most = most
        self._known: dict[int, LocalPoints | None] = {}

    @property
    def readable(self) -> bool:
        """Whether the real images can be read, and not only their features."""
        return self._real.read is not None

    def of(self, position: int) -> LocalPoints | None:
        """The points of one image. None if the image can no longer be read."""
        if self._real.read is None:
            return None
        if position not in self._known:
            if len(self._known) >= self._most:
                self._known.pop(next(iter(self._known)))
            pixels = self._real.read(self._real.facts[position].name)
            self._known[position] = None if pixels is None else local_points(pixels)
        return self._known[position]


def _source(
    position: int, near: Near, real: Side, made: Side, points: _PointsOfReal
) -> Taken | None:
    """The real image that this one was made from, or None."""
    facts = made.facts[position]
    candidates = [each for each in near.positions[position].tolist() if each >= 0]
    distances = near.distances[position].tolist()
    pixels = made.read(facts.name) if made.read is not None and points.readable else None
    sources = [points.of(each) for each in candidates] if pixels is not None else []
    known = [each for each in sources if each is not None]
    if pixels is not None and len(known) == len(candidates):
        agreed = taken_from(pixels, known)
        best = max(range(len(agreed)), key=lambda place: agreed[place][0])
        count, mirrored = agreed[best]
        if count >= FEWEST_AGREEING:
            name = real.facts[candidates[best]].name
            return _taken(facts.name, name, count, mirrored, distances[best])
    for place, candidate in enumerate(candidates):
        other = real.facts[candidate]
        if (how := _same_hash(facts, other)) is not None:
            return _taken(facts.name, other.name, 0, how, distances[place])
    return None


def _same_hash(facts: ImageFacts, other: ImageFacts) -> bool | None:
    """If the hashes agree: whether one image is the mirror of the other. None if they do not
    agree, or if the image is blank."""
    if not 8 <= facts.hash.bit_count() <= 56:
        return None
    straight = (facts.hash ^ other.hash).bit_count()
    flipped = (facts.mirror ^ other.hash).bit_count()
    return flipped < straight if min(straight, flipped) <= HASH_BITS else None


def _taken(name: str, reference: str, count: int, mirrored: bool, distance: float) -> Taken:
    return Taken(
        id=name, reference=reference, agreeing_points=count, mirrored=mirrored, distance=distance
    )
