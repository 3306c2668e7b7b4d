"""The outcome of a row: written, rejected or failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from engines.datasets.records.record import Record
from engines.errors import JsonValue
from engines.profiles.measures import ImageMeasures
from engines.types import PrivacyReport, QualityReport

Status = Literal["written", "rejected", "failed"]
"""rejected: the row is not valid, or none of its images passed the checks. failed: its images could
not be made or checked."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row was not written. `code` is for counting, `message` for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Judgment:
    """The results of the checks of one image, and its data for the report."""

    passed: bool
    reasons: tuple[Reason, ...]
    metrics: Mapping[str, float]
    """Scores and metrics by name, for histograms."""
    reports: Sequence[QualityReport | PrivacyReport]
    """The reports of the checks that are switched on, for the record."""
    hashes: tuple[int, int]
    """Perceptual hashes of the image and of its mirror image, 64 bits each."""
    thumbnail: bytes
    """JPEG with a longer side of at most 96 pixels."""
    measures: ImageMeasures | None = None
    """The image's statistics; None if the report compares with no profile."""


@dataclass(frozen=True, slots=True)
class MadeImage:
    """An encoded image, and its record in the schema of all exports (docs/dataset_format.md)."""

    png: bytes
    record: Record
    judgment: Judgment
    engine_s: float
    """Seconds from admission to the decoded image."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a row. A rejected row has its last image, if there was one."""

    row_id: str
    index: int
    status: Status
    attempts: int = 0
    """Number of images made for the row."""
    reasons: tuple[Reason, ...] = ()
    image: MadeImage | None = None
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    """The row's parameters, so that a list of rejections can show them."""


@dataclass(frozen=True, slots=True)
class ShardOutcome:
    """The outcomes of all rows of a shard, in order."""

    shard: int
    outcomes: tuple[Outcome, ...]
    wall_s: float
    """Seconds from opening to closing the shard; several shards may be open at the same time."""
