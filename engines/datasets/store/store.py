"""Read, index, count and delete datasets."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from engines.datasets.labels import LabelCounts, classes_of
from engines.datasets.recipes.recipe import LABELED
from engines.datasets.records.facts import FileFacts
from engines.datasets.records.reading import DatasetRecord, read_record
from engines.datasets.sidecars.reviews import KeptReview
from engines.datasets.sidecars.verdict import Verdict
from engines.datasets.store.beginning import Beginnings
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
"""Returns the present time as an aware datetime in UTC."""

SHARD_BYTES = 256 * 1024
"""Size at which a new index shard begins. Small, because on S3 every append writes the whole
shard."""


def utc_now() -> datetime:
    """The present time in UTC."""
    return datetime.now(UTC)


class DatasetStore:
    """The datasets of one storage. Blocks. Threads may share it; a process should have only one,
    because each writes its own index shards.
    """

    def __init__(
        self,
        storage: Storage,
        clock: UtcClock = utc_now,
        shard_bytes: int = SHARD_BYTES,
        summaries: SummaryCache | None = None,
    ) -> None:
        self.storage = storage
        self.clock = clock
        self._shard_bytes = shard_bytes
        self._writers: dict[str, IndexWriter] = {}
        self._lock = threading.Lock()
        self._summaries = summaries or SummaryCache()
        self._beginnings = Beginnings(storage)

    def begin(self, key: str) -> None:
        """To be called before a file of a new image `key` is written. Raises `Conflict` if the
        image would begin a dataset whose name differs from another one's only in case."""
        self._beginnings.check(dataset_of(key))

    def record_recipe(self, key: str, recipe: Recipe) -> None:
        """Index an image and its recipe, which must be stored already."""
        folder = dataset_of(key)
        self._append(folder, recipe_line(key[len(folder) + 1 :], recipe))

    def record_verdict(self, key: str, report: QualityReport | PrivacyReport) -> Verdict:
        """Store the verdict beside the image `key`, replacing an older one, and index it."""
        verdict = Verdict.of(key, report, self.clock())
        stat = self.storage.replace(verdict_key(key, verdict.kind), verdict.to_json())
        folder = dataset_of(key)
        self._append(folder, verdict_line(key[len(folder) + 1 :], verdict, stat.etag))
        return verdict

    def record_reviews(self, folder: str, kept: Sequence[tuple[str, KeptReview, str]]) -> None:
        """Index stored reviews: image names relative to `folder`, reviews, and etags."""
        now = self.clock()
        self._append(folder, *(review_line(name, each, etag, now) for name, each, etag in kept))

    def record_upload(
        self, key: str, said: Description, said_etag: str, facts: FileFacts, etag: str
    ) -> None:
        """Index a stored upload: the image with its version `etag`, and its description with its
        version `said_etag`."""
        folder = dataset_of(key)
        name = key[len(folder) + 1 :]
        described = description_line(name, said, said_etag)
        self._append(folder, described, facts_line(name, facts, etag, self.clock()))

    def record_removal(self, key: str) -> None:
        """Note in the index that the image `key` was removed."""
        folder = dataset_of(key)
        self._append(folder, removal_line(key[len(folder) + 1 :], self.clock()))

    def record_facts(self, dataset: str, found: Sequence[tuple[DatasetRecord, FileFacts]]) -> None:
        """Index facts that were read from images not generated here, so that they are not read
        again while the images do not change."""
        now = self.clock()
        lines = [facts_line(r.name, facts, r.stat.etag, now) for r, facts in found]
        self._append(dataset, *lines)

    @contextmanager
    def snapshot(self, dataset: str, stop: StopCheck = never_stopped) -> Iterator[DatasetSnapshot]:
        """The present images below the folder `dataset` ("generated/x").

        Raises:
            NotFound: the folder has no images.
        """
        with open_catalog(self.storage, dataset, stop) as catalog:
            if not catalog.count():
                raise NotFound("dataset", dataset)
            yield DatasetSnapshot(self.storage, catalog)

    def iter_records(self, dataset: str) -> Iterator[DatasetRecord]:
        """All images below the folder `dataset`, ordered by id. Memory does not grow with their
        number.

        Raises:
            NotFound: the folder has no images.
        """
        with self.snapshot(dataset) as snapshot:
            yield from snapshot.records()

    def repair_index(self, dataset: str) -> int:
        """Index generated images that have no index line, because of a crash or because the folder
        was copied. Uploaded images stay without one. Returns the number of indexed images.

        Raises:
            NotFound: the folder has no images.
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
        """Summaries of the datasets with images, ordered by name: at most `limit` (None: all) of
        those after the name `after`."""
        summaries: list[DatasetSummary] = []
        for name in self.names():
            # Compared as keys, in which a folder's name ends with a slash.
            if after is not None and f"{name}/".encode() <= f"{after}/".encode():
                continue
            if limit is not None and len(summaries) == limit:
                break
            stop()
            with suppress(NotFound):  # without images, or deleted meanwhile
                summaries.append(self.summary(name, stop))
        return summaries

    def summary(self, name: str, stop: StopCheck = never_stopped) -> DatasetSummary:
        """The summary of one dataset, which is counted again only after changes
        (`engines.datasets.store.summaries`). Raises `NotFound` if it has no images."""
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
        """Remove a dataset with all its files; returns their number. If that fails in between, it
        can be repeated.

        Raises:
            NotFound: the dataset does not exist.
        """
        removed = 0
        for stat in self.storage.list(dataset_key(name)):
            self.storage.delete(stat.key)
            removed += 1
        if not removed:
            raise NotFound("dataset", name)
        self._beginnings.forget(dataset_key(name))
        return removed

    def _append(self, folder: str, *lines: IndexLine) -> None:
        with self._lock:
            writer = self._writers.get(folder)
            if writer is None:
                writer = IndexWriter(self.storage, folder, self._shard_bytes, self.clock())
                self._writers[folder] = writer
        writer.append(*lines)


class DatasetSnapshot:
    """Valid inside the block of `DatasetStore.snapshot`; for one thread."""

    def __init__(self, storage: Storage, catalog: Catalog) -> None:
        self._storage = storage
        self._catalog = catalog

    def count(self) -> int:
        """The number of images."""
        return self._catalog.count()

    def records(self) -> Iterator[DatasetRecord]:
        """The records of all images, ordered by id."""
        for image in self._catalog.images():
            yield read_record(self._storage, image)

    def classes(self) -> Classes:
        """The labels of all images and their values. Reads only images that may have labels."""
        images = filter(_may_be_labeled, self._catalog.images())
        return classes_of(read_record(self._storage, image) for image in images)

    def strangers(self) -> Iterator[tuple[str, str]]:
        """Name and reason of each file that does not belong to the dataset: neither an image nor a
        sidecar, or with a name that is not a valid key."""
        yield from ((name, NO_IMAGE) for name in self._catalog.strangers())
        for name in self._storage.list_refused(self._catalog.dataset):
            if not is_hidden(name) and not (is_area(self._catalog.dataset) and "/" in name):
                yield name, REFUSED_NAME


def _may_be_labeled(image: CatalogImage) -> bool:
    """Whether the image may have labels: by its index line, or, without one, if it is a PNG or has
    a recipe or a description."""
    if "description" in image.sidecars:
        return True
    entry = image.entries.get("image")
    if entry is None:
        return "recipe" in image.sidecars or image.name.lower().endswith(".png")
    return LABELED in entry.body


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Make a `NotFound` raised in the block contain the dataset's name instead of its key."""
    try:
        yield
    except NotFound as error:
        raise NotFound("dataset", name) from error
