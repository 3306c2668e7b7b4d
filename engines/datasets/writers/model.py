"""Data that the parts of an export share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engines.types import ExportFailure, ExportProgress

if TYPE_CHECKING:
    from engines.datasets.records.record import Record

OnProgress = Callable[[ExportProgress], None]
"""Called from time to time on the exporting thread. An error that it raises stops the export."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of an export."""

    name: str
    """Path relative to the folder of the dataset card."""
    size_bytes: int
    sha256: str
    """64 hexadecimal digits."""
    encoding_format: str
    """MIME type."""
    count: int = 0
    """Number of records in the file."""
    split: str | None = None


@dataclass(slots=True)
class Tally:
    """Counts of the exported and the failed images. Its size does not grow with their number."""

    exported: int = 0
    image_bytes: int = 0
    failed: int = 0
    splits: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    failures: list[ExportFailure] = field(default_factory=list)

    def take(self, record: Record) -> None:
        """Count an exported record."""
        self.exported += 1
        size = record["size_bytes"]
        self.image_bytes += size if isinstance(size, int) else 0
        self.splits[str(record["split"] or "")] += 1
        self.formats[str(record["format"])] += 1
        model = record.get("served_model")
        if model is not None and (model in self.models or len(self.models) < 100):
            self.models[str(model)] += 1
        for kind in ("quality", "privacy"):
            verdict = record.get(kind)
            if isinstance(verdict, dict):
                self.verdicts[f"{kind}_{'passed' if verdict['passed'] else 'failed'}"] += 1

    def fail(self, key: str, reason: str, max_listed: int) -> None:
        """Count a failed image. The first `max_listed` of them are listed with their reasons."""
        self.failed += 1
        if len(self.failures) < max_listed:
            self.failures.append(ExportFailure(key, reason))
