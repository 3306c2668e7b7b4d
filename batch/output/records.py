"""The record of a published shard.

If the record exists, the shard is finished. It contains the data for the report, so that images
need not be read again.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Self

from pydantic import JsonValue

from batch.output.layout import RECORDS, record_key
from batch.output.outcomes import Outcome, ShardOutcome
from engines.errors import NotFound
from engines.profiles import ProfileBuilder
from engines.types.datasets.histograms import Histogram
from engines.types.frozen import FrozenModel

if TYPE_CHECKING:
    from engines.protocols import Storage

THUMBNAILS = 6
"""Thumbnails per shard, of written and of rejected images each."""


class PublishedFile(FrozenModel):
    """A file of the output."""

    key: str
    sha256: str
    size_bytes: int
    images: int


class Refused(FrozenModel):
    """A row that was not written."""

    row_id: str
    index: int
    status: str
    reasons: tuple[tuple[str, str], ...]
    """(code, message) pairs."""


class Fingerprint(FrozenModel):
    """Perceptual hashes of a written image and of its mirror image, 64 bits each, hex."""

    row_id: str
    hash: str
    mirror: str
    score: float = 0.0
    """Quality score, 0..1; 0 if quality was not checked."""


class Thumbnail(FrozenModel):
    """A thumbnail for the report."""

    row_id: str
    status: str
    caption: str
    jpeg: str
    """JPEG, base64."""


class ShardRecord(FrozenModel):
    """Facts about a published shard."""

    shard: int
    rows: int
    written: tuple[str, ...]
    refused: tuple[Refused, ...]
    files: tuple[PublishedFile, ...]
    attempts: int
    engine_s: float
    wall_s: float
    reasons: dict[str, int]
    histograms: dict[str, Histogram]
    fingerprints: tuple[Fingerprint, ...]
    thumbnails: tuple[Thumbnail, ...]
    profile: dict[str, JsonValue] | None = None
    """State of a `ProfileBuilder` with the written images; None if the report compares with no
    profile."""

    @classmethod
    def of(cls, shard: ShardOutcome, files: Sequence[PublishedFile]) -> Self:
        """The record of a shard whose files are published."""
        written = [o for o in shard.outcomes if o.status == "written"]
        refused = [o for o in shard.outcomes if o.status != "written"]
        return cls(
            shard=shard.shard,
            rows=len(shard.outcomes),
            written=tuple(o.row_id for o in written),
            refused=tuple(_refused(o) for o in refused),
            files=tuple(files),
            attempts=sum(o.attempts for o in shard.outcomes),
            engine_s=round(sum(o.image.engine_s for o in shard.outcomes if o.image), 3),
            wall_s=round(shard.wall_s, 3),
            reasons=dict(Counter(r.code for o in refused for r in o.reasons)),
            histograms=_histograms(shard.outcomes),
            fingerprints=tuple(_fingerprints(written)),
            thumbnails=(*_thumbnails(written), *_thumbnails(refused)),
            profile=_profile(written),
        )

    def count(self, status: str) -> int:
        """Number of rows with this status."""
        if status == "written":
            return len(self.written)
        return sum(1 for refused in self.refused if refused.status == status)


def finished_shards(storage: Storage) -> Iterator[int]:
    """Numbers of the shards that have a record, in order. Lists the records without reading
    them."""
    for stat in storage.list(RECORDS):
        number, _, suffix = stat.key.rpartition("/")[2].partition(".")
        if number.isdecimal() and suffix == "json":  # ignore other files
            yield int(number)


def read_record(storage: Storage, shard: int) -> ShardRecord | None:
    """The record of a shard; None if the shard is not finished.

    Raises:
        pydantic.ValidationError: the file is not a record.
    """
    try:
        return ShardRecord.model_validate_json(storage.read(record_key(shard)))
    except NotFound:
        return None


def is_finished(storage: Storage, shard: int) -> bool:
    """Whether the shard has its record."""
    try:
        storage.stat(record_key(shard))
    except NotFound:
        return False
    return True


def sampling_key(row_id: str) -> str:
    """A key that sorts rows in a random order that is always the same."""
    return hashlib.sha256(row_id.encode()).hexdigest()


def _refused(outcome: Outcome) -> Refused:
    reasons = tuple((reason.code, reason.message) for reason in outcome.reasons)
    return Refused(
        row_id=outcome.row_id, index=outcome.index, status=outcome.status, reasons=reasons
    )


def _histograms(outcomes: Sequence[Outcome]) -> dict[str, Histogram]:
    """Histograms of the metrics of all checked images, written and rejected."""
    values: dict[str, list[float]] = {}
    for outcome in outcomes:
        if outcome.image is not None:
            for name, value in outcome.image.judgment.metrics.items():
                values.setdefault(name, []).append(value)
    return {name: Histogram.empty(name).added(found) for name, found in sorted(values.items())}


def _fingerprints(written: Sequence[Outcome]) -> Iterator[Fingerprint]:
    for outcome in written:
        if outcome.image is not None:
            itself, mirror = outcome.image.judgment.hashes
            yield Fingerprint(
                row_id=outcome.row_id,
                hash=f"{itself:016x}",
                mirror=f"{mirror:016x}",
                score=outcome.image.judgment.metrics.get("quality_score", 0.0),
            )


def _profile(written: Sequence[Outcome]) -> dict[str, JsonValue] | None:
    builder = ProfileBuilder()
    for outcome in written:
        if outcome.image is not None and outcome.image.judgment.measures is not None:
            builder.add_measures(outcome.image.judgment.measures)
    return builder.state() if builder.sample_count else None


def _thumbnails(outcomes: Sequence[Outcome]) -> Iterator[Thumbnail]:
    shown = sorted((o for o in outcomes if o.image), key=lambda o: sampling_key(o.row_id))
    for outcome in shown[:THUMBNAILS]:
        if outcome.image is None:
            continue
        codes = ", ".join(reason.code for reason in outcome.reasons)
        prompt = str(outcome.parameters.get("prompt", ""))
        caption = f"{codes}: {prompt}" if codes else prompt
        jpeg = base64.b64encode(outcome.image.judgment.thumbnail).decode()
        yield Thumbnail(
            row_id=outcome.row_id, status=outcome.status, caption=caption[:200], jpeg=jpeg
        )
