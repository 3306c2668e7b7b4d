"""Reads every image of a folder once: features, hashes, sharpness and digest."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from os import SEEK_END
from typing import IO, TYPE_CHECKING, NamedTuple

from engines.errors import (
    InferloopError,
    InsufficientStorage,
    InvalidImage,
    NotFound,
    StorageFailed,
)
from engines.evidence.feature_file import (
    ROW_ITEM_BYTES,
    FeatureRows,
    ImageFacts,
    KeptFeatures,
    keep_features,
    to_halves,
)
from engines.metrics.gray import luma, shrunk
from engines.metrics.phash import phash64_with_mirror
from engines.metrics.sharpness import laplacian_variance, sharpness_index
from engines.protocols import StopCheck, never_stopped
from engines.storage.read_ahead import ordered_map

if TYPE_CHECKING:
    from pathlib import Path

    from engines.evidence.encoders.encoder import ImageEncoder
    from engines.images import ImageLimits, ReadPixels
    from engines.protocols import Storage
    from engines.types import ObjectStat, Pixels

SPOOLED_BYTES = 32 * 2**20
_READ_WORKERS, _READ_AHEAD = 2, 8


class _Read(NamedTuple):
    """An image that was decoded."""

    name: str
    etag: str
    sha256: str
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read from the images, in their order. Valid inside the block of `gather`."""

    facts: list[ImageFacts]
    features: FeatureRows | None
    """None without an encoder."""
    unreadable: list[str]
    """Names of the files that are not supported images, are too large, or were deleted."""


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Reads images. Without an encoder, everything except the features is read."""

    storage: Storage
    limits: ImageLimits
    read_pixels: ReadPixels
    encoder: ImageEncoder | None
    batch_images: int = 16
    scratch: Path | None = None

    @contextmanager
    def gather(
        self,
        folder: str,
        stats: Sequence[ObjectStat],
        on_image: Callable[[], None] = lambda: None,
        stop: StopCheck = never_stopped,
    ) -> Iterator[Gathered]:
        """Read the images `stats` below the key `folder`.

        Images whose results an earlier call stored are not read again. The new results are stored,
        also those of a call that `stop` or an error ends, so that the next call continues there.
        Blocks for tens of milliseconds per image.
        """
        name = self.encoder.name if self.encoder else "no-encoder"
        dimensions = self.encoder.dimensions if self.encoder else 0
        kept = KeptFeatures(self.storage, folder, name, dimensions)
        scratch = None if self.scratch is None else str(self.scratch)
        with tempfile.SpooledTemporaryFile(SPOOLED_BYTES, dir=scratch) as file:
            facts: list[ImageFacts] = []
            try:
                found = self._gathered(folder, stats, kept, facts, file, on_image, stop)
            except BaseException:
                with suppress(InferloopError, OSError):  # the first error is the one to report
                    self._keep_so_far(folder, name, kept, facts, file)
                raise
            finally:
                kept.close()
            if not kept.holds_just(facts):
                self._keep(folder, name, facts, file)
            yield found

    def _gathered(
        self,
        folder: str,
        stats: Sequence[ObjectStat],
        kept: KeptFeatures,
        facts: list[ImageFacts],
        file: IO[bytes],
        on_image: Callable[[], None],
        stop: StopCheck,
    ) -> Gathered:
        """Adds to `facts` and `file` in the same order, a batch at a time."""
        unreadable: list[str] = []
        pending: list[_Read] = []

        def flush() -> None:
            facts.extend(self._encoded(pending, file))
            pending.clear()

        for name, etag, read in self._reads(folder, stats, kept):
            stop()
            known = kept.get(name, etag)
            if known is not None:
                flush()
                facts.append(known[0])
                file.write(to_halves(known[1]))
            elif read is None:
                unreadable.append(name)
            else:
                pending.append(read)
            if len(pending) >= self.batch_images:
                flush()
            on_image()
        flush()
        rows = FeatureRows(file, len(facts), self.encoder.dimensions) if self.encoder else None
        return Gathered(facts, rows, unreadable)

    def _reads(
        self, folder: str, stats: Iterable[ObjectStat], kept: KeptFeatures
    ) -> Iterator[tuple[str, str, _Read | None]]:
        """Name and version of each image, with its pixels where they are needed and readable."""

        def load(stat: ObjectStat) -> tuple[str, str, _Read | None]:
            name = stat.key[len(folder) + 1 :]
            known = kept.has(name, stat.etag)
            return name, stat.etag, None if known else self._read(name, stat)

        with ThreadPoolExecutor(_READ_WORKERS, "evidence-read") as pool:
            yield from ordered_map(pool, stats, load, lambda stat: True, _READ_AHEAD)

    def _read(self, name: str, stat: ObjectStat) -> _Read | None:
        if stat.size_bytes > self.limits.max_bytes:
            return None
        try:
            content = self.storage.read(stat.key)
            pixels = self.read_pixels(content, self.limits)
        except (InvalidImage, NotFound):
            return None
        return _Read(name, stat.etag, hashlib.sha256(content).hexdigest(), pixels)

    def _encoded(self, batch: Sequence[_Read], file: IO[bytes]) -> Iterator[ImageFacts]:
        if batch and self.encoder is not None:
            file.write(to_halves(self.encoder.encode([each.pixels for each in batch])))
        for each in batch:
            own, mirror = phash64_with_mirror(each.pixels)
            height, width = each.pixels.shape[:2]
            sharpness = sharpness_index(laplacian_variance(shrunk(luma(each.pixels))))
            yield ImageFacts(
                each.name, each.etag, each.sha256, own, mirror, sharpness, width, height
            )

    def _keep_so_far(
        self,
        folder: str,
        name: str,
        kept: KeptFeatures,
        facts: list[ImageFacts],
        file: IO[bytes],
    ) -> None:
        """Store the results of work that was ended, with those stored earlier that it did not get
        to. Does nothing if the work had no new results."""
        if self.encoder is None:
            return
        row_bytes = self.encoder.dimensions * ROW_ITEM_BYTES
        del facts[file.seek(0, SEEK_END) // row_bytes :]
        file.truncate(file.seek(len(facts) * row_bytes))  # an error may have split a batch
        if all(kept.has(each.name, each.etag) for each in facts):
            return
        for each, vector in kept.without({each.name for each in facts}):
            facts.append(each)
            file.write(to_halves(vector))
        self._keep(folder, name, facts, file)

    def _keep(self, folder: str, name: str, facts: Sequence[ImageFacts], file: IO[bytes]) -> None:
        """Store the cache. If that fails, the report is made without it."""
        if self.encoder is None:
            return
        try:
            keep_features(self.storage, folder, name, facts, file)
        except (InsufficientStorage, StorageFailed):
            return
