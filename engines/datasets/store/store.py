"""Datasets as collections of images: reading, judging, counting and deleting them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engines.datasets.labels import LabelCounts, classes_of
from engines.datasets.recipes.recipe import LABELED
from engines.datasets.records.facts import FileFacts
from engines.datasets.records.reading import DatasetRecord, read_record
from engines.datasets.sidecars.reviews import KeptReview
from engines.datasets.sidecars.verdict import Verdict
from engines.datasets.store.catalog import Catalog, CatalogImage, open_catalog
from engines.datasets.store.index import (
    IndexLine,
    IndexWriter,
    description_line,
    facts_line,
    recipe_line,
    removal_line,
    review_line,
    verdict_line,
)
from engines.datasets.store.layout import (
    GENERATED,
    NO_IMAGE,
    REFUSED_NAME,
    dataset_key,
    dataset_of,
    is_area,
    verdict_key,
)
from engines.datasets.store.summaries import SummaryCache, version_of
from engines.errors import NotFound
from engines.protocols import StopCheck, never_stopped
from engines.types import DatasetSummary, PrivacyReport, QualityReport
from engines.types.datasets.labels import Classes
from engines.types.image_formats import is_hidden

if TYPE_CHECKING:
    from engines.datasets.recipes.recipe import Recipe
    from engines.datasets.sidecars.descriptions import Description
    from engines.protocols import Storage

UtcClock = Callable[[], datetime]
"""Now, aware, in UTC."""

SHARD_BYTES = 256 * 1024
"""S3 writes a whole shard again at every append; on a folder the size hardly matters."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class DatasetStore:
    """Shared between threads. One per process is enough: each writes index shards of its own.

    `scratch`: local folder for temporary databases, None: the system's.
    """

    def __init__(
        self,
        storage: Storage,
        clock: UtcClock = utc_now,
        scratch: Path | None = None,
        shard_bytes: int = SHARD_BYTES,
        summaries: SummaryCache | None = None,
    ) -> None:
        self.storage = storage
        self.clock = clock
        self._scratch = scratch
        self._shard_bytes = shard_bytes
        self._writers: dict[str, IndexWriter] = {}
        self._lock = threading.Lock()
        self._summaries = summaries or SummaryCache()

    def record_recipe(self, key: str, recipe: Recipe) -> None:
        """Index an image and its recipe; both are stored already."""
        folder = dataset_of(key)
        self._append(folder, recipe_line(key[len(folder) + 1 :], recipe))

    def record_verdict(self, key: str, report: QualityReport | PrivacyReport) -> Verdict:
        """Write the verdict beside the image `key`, over an older one, and index it."""
        verdict = Verdict.of(key, report, self.clock())
        stat = self.storage.replace(verdict_key(key, verdict.kind), verdict.to_json())
        folder = dataset_of(key)
        self._append(folder, verdict_line(key[len(folder) + 1 :], verdict, stat.etag))
        return verdict

    def record_reviews(self, folder: str, kept: Sequence[tuple[str, KeptReview, str]]) -> None:
        """Index reviews that are stored already: names below the folder key, reviews, versions."""
        now = self.clock()
        self._append(folder, *(review_line(name, each, etag, now) for name, each, etag in kept))

    def record_upload(
        self, key: str, said: Description, said_etag: str, facts: FileFacts, etag: str
    ) -> None:
        """Index an uploaded image with its description; both are stored already, in the versions
        `etag` and `said_etag`."""
        folder = dataset_of(key)
        name = key[len(folder) + 1 :]
        described = description_line(name, said, said_etag)
        self._append(folder, described, facts_line(name, facts, etag, self.clock()))

    def record_removal(self, key: str) -> None:
        """The image `key` is gone."""
        folder = dataset_of(key)
        self._append(folder, removal_line(key[len(folder) + 1 :], self.clock()))

    def record_facts(self, dataset: str, found: Sequence[tuple[DatasetRecord, FileFacts]]) -> None:
        """Index what was read of images that we did not make, so that it need not be read again
        while they stay as they are."""
        now = self.clock()
        lines = [facts_line(r.name, facts, r.stat.etag, now) for r, facts in found]
        self._append(dataset, *lines)

    @contextmanager
    def snapshot(self, dataset: str, stop: StopCheck = never_stopped) -> Iterator[DatasetSnapshot]:
        """The images below the folder key `dataset` ("generated/x") as they are now.

        Raises:
            NotFound: there is no image below it.
        """
        with open_catalog(self.storage, dataset, self._scratch, stop) as catalog:
            if not catalog.count():
                raise NotFound("dataset", dataset)
            yield DatasetSnapshot(self.storage, catalog)

    def iter_records(self, dataset: str) -> Iterator[DatasetRecord]:
        """Every image below the folder key `dataset`, ordered by id; memory does not grow.

        Raises:
            NotFound: there is no image below it.
        """
        with self.snapshot(dataset) as snapshot:
            yield from snapshot.records()

    def repair_index(self, dataset: str) -> int:
        """Index what a crash (or a copy of the folder) left unindexed; returns how many images.

        Raises:
            NotFound: there is no image below it.
        """
        repaired = 0
        for record in self.iter_records(dataset):
            if record.indexed or record.recipe is None:
                continue
            self._append(dataset, recipe_line(record.name, record.recipe))
            for verdict in filter(None, (record.quality, record.privacy)):
                etag = record.sidecars[verdict.kind].etag
                self._append(dataset, verdict_line(record.name, verdict, etag))
            if record.review is not None:
                kept = KeptReview(record.name.rpartition("/")[2], record.review)
                self.record_reviews(dataset, [(record.name, kept, record.sidecars["review"].etag)])
            repaired += 1
        return repaired

    def names(self) -> Sequence[str]:
        """Names of all datasets, ordered."""
        return [n for n in self.storage.list_folders(GENERATED) if not n.startswith(".")]

    def list(
        self, limit: int | None = None, after: str | None = None, stop: StopCheck = never_stopped
    ) -> Sequence[DatasetSummary]:
        """Summaries of the datasets that hold images, ordered by name: the first `limit` of those
        after the name `after`."""
        summaries: list[DatasetSummary] = []
        for name in self.names():
            # In the order of keys, where a folder's name ends with a slash.
            if after is not None and f"{name}/".encode() <= f"{after}/".encode():
                continue
            if limit is not None and len(summaries) == limit:
                break
            stop()
            with suppress(NotFound):  # no images in it, or deleted meanwhile
                summaries.append(self.summary(name, stop))
        return summaries

    def summary(self, name: str, stop: StopCheck = never_stopped) -> DatasetSummary:
        """Counts of one dataset; `NotFound` if it holds no image. Counted anew only when it has
        changed (see `engines.datasets.store.summaries`)."""
        folder = dataset_key(name)
        return self._summaries.get(
            name,
            partial(version_of, self.storage, folder),
            partial(self._count, name, folder, stop),
            stop,
        )

    def _count(self, name: str, folder: str, stop: StopCheck) -> DatasetSummary:
        count, size_bytes, updated_at, labels = 0, 0, None, LabelCounts()
        verdicts: Counter[str] = Counter()
        with _named(name), self.snapshot(folder, stop) as snapshot:
            for record in snapshot.records():
                stop()
                count += 1
                size_bytes += record.stat.size_bytes
                labels.add(record.labels)
                updated_at = max(updated_at or record.stat.modified_at, record.stat.modified_at)
                for verdict in filter(None, (record.quality, record.privacy)):
                    verdicts[f"{verdict.kind}_{'passed' if verdict.passed else 'failed'}"] += 1
        return DatasetSummary(name, count, size_bytes, updated_at, dict(verdicts), labels.counts())

    def delete(self, name: str) -> int:
        """Remove a dataset with all that lies in it; returns how many objects. Repeat it after
        a failure half-way: what is left is still a dataset.

        Raises:
            NotFound: nothing is there.
        """
        removed = 0
        for stat in self.storage.list(dataset_key(name)):
            self.storage.delete(stat.key)
            removed += 1
        if not removed:
            raise NotFound("dataset", name)
        return removed

    def _append(self, folder: str, *lines: IndexLine) -> None:
        with self._lock:
            writer = self._writers.get(folder)
            if writer is None:
                writer = IndexWriter(self.storage, folder, self._shard_bytes, self.clock())
                self._writers[folder] = writer
        writer.append(*lines)


class DatasetSnapshot:
    """Lives inside `DatasetStore.snapshot`; used by one thread."""

    def __init__(self, storage: Storage, catalog: Catalog) -> None:
        self._storage = storage
        self._catalog = catalog

    def count(self) -> int:
        """Images, before any filter."""
        return self._catalog.count()

    def records(self) -> Iterator[DatasetRecord]:
        """Every image, ordered by id."""
        for image in self._catalog.images():
            yield read_record(self._storage, image)

    def classes(self) -> Classes:
        """The labels of all images. Parses only what may have some."""
        images = filter(_may_be_labeled, self._catalog.images())
        return classes_of(read_record(self._storage, image) for image in images)

    def strangers(self) -> Iterator[tuple[str, str]]:
        """Name and reason of the files that are neither images nor sidecars, and of those whose
        names the storage does not take."""
        yield from ((name, NO_IMAGE) for name in self._catalog.strangers())
        for name in self._storage.list_refused(self._catalog.dataset):
            if not is_hidden(name) and not (is_area(self._catalog.dataset) and "/" in name):
                yield name, REFUSED_NAME


def _may_be_labeled(image: CatalogImage) -> bool:
    """By its line in the index; without one, what we made may be there as PNG or beside it. An
    upload has its description beside it."""
    if "description" in image.sidecars:
        return True
    entry = image.entries.get("image")
    if entry is None:
        return "recipe" in image.sidecars or image.name.lower().endswith(".png")
    return LABELED in entry.body


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Put the dataset's name, not its key, into a `NotFound` raised within the block."""
    try:
        yield
    except NotFound as error:
        raise NotFound("dataset", name) from error
