"""Exports and dataset listings on CPU replicas."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import partial

from deployments.background import Threads, reports_of
from deployments.observing.refusals import leave_out_refusals
from deployments.wiring.library import Library, LibraryWiring
from engines.datasets.sidecars.declared import close_declared, open_declared
from engines.datasets.sidecars.reviews import review_images
from engines.datasets.spec.result import Shortage, Taken
from engines.datasets.upkeep.crashes import upkeep
from engines.errors import Forbidden, StorageFailed
from engines.evidence.service import report_of
from engines.types import (
    SPACES_FOLDER,
    DatasetSummary,
    ExportProgress,
    ExportReport,
    ExportRequest,
    S3ExportReport,
    S3ExportRequest,
    SignedSheet,
)
from engines.types.datasets.looking import (
    ImageFilter,
    ImagePage,
    ImageQuery,
    ImagesSummary,
    Review,
    ReviewChange,
)
from engines.types.datasets.reports import DatasetReport, ReportPage, ReportRequest

logger = logging.getLogger(__name__)

EXPORT_THREADS = 16
LOOKUP_THREADS = 4


class ExporterReplica:
    """Calls the exporters of a space on worker threads, so that health checks are answered
    meanwhile.

    At its start, a thread cleans up the data root once, while the replica already answers calls.
    """

    def __init__(self, wiring: LibraryWiring[Library]) -> None:
        leave_out_refusals()
        self._exports = Threads("export", EXPORT_THREADS)
        self._lookups = Threads("lookup", LOOKUP_THREADS)
        self._reviews = Threads("review", LOOKUP_THREADS)
        self._deletions = Threads("deletion", LOOKUP_THREADS)
        self._evidence = Threads("evidence", 1)
        self._spaces = wiring.engines()
        shared = self._spaces.get(None)
        threading.Thread(target=self._tidy, args=(shared,), name="upkeep", daemon=True).start()

    def _tidy(self, shared: Library) -> None:
        try:
            for space in (None, *shared.store.storage.list_folders(SPACES_FOLDER)):
                upkeep(self._spaces.get(space).store)
        except StorageFailed as error:
            logger.warning("The data root is not tidied: %s", error)

    async def export(
        self, request: ExportRequest, space: str | None = None
    ) -> AsyncGenerator[ExportProgress | ExportReport, None]:
        """Yields progress, then the report. Closing the stream stops the work."""
        library = await self._spaces.of(space)
        work = partial(library.files.export, request)
        async with aclosing(reports_of(work, self._exports)) as events:
            async for event in events:
                yield event

    async def export_s3(
        self, request: S3ExportRequest, space: str | None = None
    ) -> AsyncGenerator[ExportProgress | S3ExportReport, None]:
        """As `export`."""
        library = await self._spaces.of(space)
        work = partial(library.s3.export, request)
        async with aclosing(reports_of(work, self._exports)) as events:
            async for event in events:
                yield event

    async def list_datasets(
        self, limit: int | None = None, after: str | None = None, space: str | None = None
    ) -> Sequence[DatasetSummary]:
        """The first `limit` datasets whose names come after `after`. Canceling stops the work
        between images."""
        library = await self._spaces.of(space)
        return await self._lookups.run_stoppable(partial(library.store.list, limit, after))

    async def get_dataset(self, name: str, space: str | None = None) -> DatasetSummary:
        """The dataset of this name. Raises `NotFound`."""
        library = await self._spaces.of(space)
        return await self._lookups.run_stoppable(partial(library.store.summary, name))

    async def delete_dataset(self, name: str, space: str | None = None) -> None:
        """Remove the dataset with its images. Raises `NotFound`."""
        library = await self._spaces.of(space)
        await self._deletions.run(library.store.delete, name)

    async def sign_dataset(self, name: str, space: str | None = None) -> SignedSheet:
        """Sign the dataset after reading every file. Canceling stops the work between two pieces
        of a file."""
        library = await self._spaces.of(space)
        if library.sheets is None:
            raise Forbidden("Marks are switched off, and with them signatures (marks.enabled)")
        return await self._lookups.run_stoppable(partial(library.sheets.sign, name))

    async def report(
        self, request: ReportRequest, space: str | None = None
    ) -> AsyncGenerator[ExportProgress | DatasetReport | ReportPage, None]:
        """As `export`. Only one report is made at a time, because each uses a whole core."""
        library = await self._spaces.of(space)
        work = partial(report_of, library.evidence, request)
        async with aclosing(reports_of(work, self._evidence)) as events:
            async for event in events:
                yield event

    async def list_images(self, query: ImageQuery, space: str | None = None) -> ImagePage:
        """A page of a dataset's images."""
        library = await self._spaces.of(space)
        return await self._lookups.run_stoppable(partial(library.looker.page, query))

    async def summarize_images(
        self, name: str, wanted: ImageFilter, space: str | None = None
    ) -> ImagesSummary:
        """Counts of a dataset's images."""
        library = await self._spaces.of(space)
        return await self._lookups.run_stoppable(partial(library.looker.summary, name, wanted))

    async def review_images(
        self, keys: Sequence[str], change: ReviewChange, reviewer: str, space: str | None = None
    ) -> Sequence[tuple[str, Review]]:
        """Change the reviews of images. Canceling stops the work between two images; the call can
        then be repeated."""
        library = await self._spaces.of(space)
        work = partial(review_images, library.store, keys, change, reviewer)
        return await self._reviews.run_stoppable(work)

    async def open_declared(
        self, name: str, identity: str, declaration: bytes, space: str | None = None
    ) -> Mapping[str, Taken]:
        library = await self._spaces.of(space)
        storage = library.store.storage
        return await self._lookups.run(open_declared, storage, name, identity, declaration)

    async def close_declared(
        self,
        name: str,
        taken: Sequence[Taken],
        short: Sequence[Shortage],
        space: str | None = None,
    ) -> None:
        library = await self._spaces.of(space)
        await self._lookups.run(close_declared, library.store.storage, name, taken, short)

    async def ready(self) -> bool:
        """True once constructed."""
        return True
