"""What became of a row: exactly one of written, rejected, failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from engines.datasets.records.record import Record
from engines.errors import JsonValue
from engines.profiles.measures import ImageMeasures
from engines.types import PrivacyReport, QualityReport

Status = Literal["written", "rejected", "failed"]
"""rejected: the row is wrong, or no image of it passed. failed: no verdict could be had."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row was not written. `code` is for counting, `message` for reading."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Judgment:
    """What the checks said of one image, and what the report needs of it."""

    passed: bool
    reasons: tuple[Reason, ...]
    metrics: Mapping[str, float]
    """Scores and metrics by name, for the distributions."""
    reports: Sequence[QualityReport | PrivacyReport]
    """Of the checks that are on, for the record."""
    hashes: tuple[int, int]
    """Perceptual hash of the image and of its mirror, 64 bits each."""
    thumbnail: bytes
    """JPEG, at most 96 px."""
    measures: ImageMeasures | None = None
    """What the image adds to a profile; None where the report compares with none."""


@dataclass(frozen=True, slots=True)
class MadeImage:
    """An encoded image and its record: the one of every export (docs/dataset_format.md)."""

    png: bytes
    record: Record
    judgment: Judgment
    engine_s: float
    """Seconds from admission to the decoded image."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a row. A rejected row carries its last image, if there was one."""

    row_id: str
    index: int
    status: Status
    attempts: int = 0
    """Images made for it."""
    reasons: tuple[Reason, ...] = ()
    image: MadeImage | None = None
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    """As the row gave them, so that who reads a rejection need not look it up."""


@dataclass(frozen=True, slots=True)
class ShardOutcome:
    """All rows of a shard, in order, and the work that they took."""

    shard: int
    outcomes: tuple[Outcome, ...]
    wall_s: float
    """Seconds from opening to closing the shard; shards overlap."""
