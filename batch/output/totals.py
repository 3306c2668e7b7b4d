"""Add up the records of all shards, with bounded memory."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from batch.output.records import Fingerprint, ShardRecord, Thumbnail, sampling_key
from engines.profiles import ProfileBuilder
from engines.types.datasets.histograms import Histogram
from engines.types.metric_names import with_present_names

SAMPLED_FINGERPRINTS = 20_000
SHOWN_THUMBNAILS = 48
T = TypeVar("T")


class Sample(Generic[T]):
    """The `size` items with the smallest `sampling_key`: a random sample that does not depend on
    the order of the items."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[int, str, T]] = []

    def add(self, row_id: str, item: T) -> None:
        """Add an item. Each id must be added only once."""
        entry = (-int(sampling_key(row_id), 16), row_id, item)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, entry)
        elif entry[0] > self._heap[0][0]:
            heapq.heapreplace(self._heap, entry)

    def items(self) -> Sequence[T]:
        """The sample, ordered by id."""
        return [item for _, _, item in sorted(self._heap, key=lambda entry: entry[1])]


@dataclass
class Totals:
    """Sums over the shards added so far."""

    shards: int = 0
    rows: int = 0
    written: int = 0
    rejected: int = 0
    failed: int = 0
    attempts: int = 0
    engine_s: float = 0.0
    size_bytes: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    histograms: dict[str, Histogram] = field(default_factory=dict)
    fingerprints: Sample[Fingerprint] = field(default_factory=lambda: Sample(SAMPLED_FINGERPRINTS))
    thumbnails: dict[str, Sample[Thumbnail]] = field(default_factory=dict)
    profile: ProfileBuilder = field(default_factory=ProfileBuilder)

    def add(self, record: ShardRecord) -> None:
        """Add the record of a shard."""
        self.shards += 1
        self.rows += record.rows
        self.written += record.count("written")
        self.rejected += record.count("rejected")
        self.failed += record.count("failed")
        self.attempts += record.attempts
        self.engine_s += record.engine_s
        self.size_bytes += sum(file.size_bytes for file in record.files)
        self.reasons.update(record.reasons)
        for name, histogram in with_present_names(record.histograms).items():
            known = self.histograms.get(name)
            self.histograms[name] = known.merged(histogram) if known else histogram
        if record.profile is not None:
            self.profile.merge(ProfileBuilder.from_state(record.profile))
        for fingerprint in record.fingerprints:
            self.fingerprints.add(fingerprint.row_id, fingerprint)
        for thumbnail in record.thumbnails:
            sample = self.thumbnails.setdefault(thumbnail.status, Sample(SHOWN_THUMBNAILS))
            sample.add(thumbnail.row_id, thumbnail)

    def counts(self) -> dict[str, int]:
        """Status to number of rows."""
        return {"written": self.written, "rejected": self.rejected, "failed": self.failed}
