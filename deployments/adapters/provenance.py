"""Marks, the log of marks and signed sheets of one space, on worker threads of the ingress."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial

from deployments.adapters.files import FileThreads
from deployments.mark_reading import mark_of
from engines.datasets.store.layout import dataset_key
from engines.errors import InvalidParameters, JsonValue, NotFound
from engines.protocols import StopCheck, Storage
from engines.provenance.chains import check, find, lost
from engines.types.image_formats import is_hidden
from inferloop_synthdata.marks.reading import Anchors
from inferloop_synthdata.marks.sheets import SHEET_NAME, Sheet, compare, read_sheet

ReadMark = Callable[[bytes, Anchors], dict[str, JsonValue]]
ReadWatermark = Callable[[bytes], dict[str, JsonValue]]
AnchorsOf = Callable[[Storage], Anchors]
_CHUNK_BYTES = 2**20
_MOST_LISTED = 100


def no_watermarks(_content: bytes) -> dict[str, JsonValue]:
    """Stands in for the watermark reader in an installation without one. Raises
    `InvalidParameters`."""
    raise InvalidParameters.of(
        "watermark", True, "false", "must be false: this service reads no watermarks"
    )


class StoredProvenance:
    """Implements `serve_app.services.Provenance` with a `Storage`."""

    def __init__(
        self,
        storage: Storage,
        anchors: AnchorsOf,
        threads: FileThreads | None = None,
        read: ReadMark = mark_of,
        read_watermark: ReadWatermark = no_watermarks,
    ) -> None:
        """`read` and `read_watermark` may run in a worker process; they are called on a thread."""
        self._storage = storage
        self._anchors = anchors
        self._read = read
        self._read_watermark = read_watermark
        threads = threads or FileThreads()
        self._reads, self._lists = threads.reads, threads.lists

    async def verify(self, content: bytes, watermark: bool = False) -> dict[str, JsonValue]:
        return await self._reads.run(self._verified, content, watermark)

    async def verify_stored(self, key: str, watermark: bool = False) -> dict[str, JsonValue]:
        return await self._reads.run(lambda: self._verified(self._storage.read(key), watermark))

    async def check_log(self) -> dict[str, JsonValue]:
        return await self._lists.run_stoppable(self._log_checked)

    async def check_sheet(self, dataset: str) -> dict[str, JsonValue]:
        return await self._lists.run_stoppable(partial(self._sheet_checked, dataset))

    def _verified(self, content: bytes, watermark: bool) -> dict[str, JsonValue]:
        found = self._read(content, self._anchors(self._storage))
        claims = found.get("claims")
        segment = claims.get("log") if isinstance(claims, dict) else None
        entry = None
        if isinstance(segment, str):
            entry = find(self._storage, segment, hashlib.sha256(content).hexdigest())
        log: dict[str, JsonValue] | None = None
        if entry is not None:
            log = {"segment": entry.segment}
            log |= {name: entry.line.get(name) for name in ("n", "time", "event", "key")}
        carried = self._read_watermark(content) if watermark else None
        return {**found, "log": log, "watermark": carried}

    def _log_checked(self, stop: StopCheck) -> dict[str, JsonValue]:
        report = check(self._storage, stop)
        return {
            "intact": report.is_intact,
            "chains": report.chains,
            "segments": report.segments,
            "entries": report.entries,
            "torn": report.torn,
            "problems": list(report.problems),
        }

    def _sheet_checked(self, dataset: str, stop: StopCheck) -> dict[str, JsonValue]:
        folder = dataset_key(dataset)
        try:
            with self._storage.open(f"{folder}/{SHEET_NAME}") as lines:
                sheet = read_sheet(lines, self._anchors(self._storage))
        except NotFound as error:
            raise NotFound("signed sheet of dataset", dataset) from error
        except ValueError:
            sheet = Sheet("invalid", "", dataset, "", {}, {}, ("it cannot be read",))
        paths = self._paths(folder, stop)
        found = compare(sheet, paths, lambda path: self._digest_of(f"{folder}/{path}", stop))
        kept = sheet.summary.get("log_of_marks")
        shortened = lost(self._storage, kept if isinstance(kept, dict) else {})
        every = {"added": found.added, "lost": found.lost, "changed": found.changed}
        return {
            "dataset": dataset,
            "signature": sheet.signature,
            "signer": sheet.signer,
            "signed_at": sheet.signed_at,
            "summary": sheet.summary,
            "unchanged": found.is_none and not shortened and sheet.signature != "invalid",
            "counts": {name: len(paths) for name, paths in every.items()},
            **{name: list(paths[:_MOST_LISTED]) for name, paths in every.items()},
            "log_lost": list(shortened),
            "problems": list(sheet.problems),
        }

    def _paths(self, folder: str, stop: StopCheck) -> Iterator[str]:
        for stat in self._storage.list(folder):
            stop()
            path = stat.key[len(folder) + 1 :]
            if not is_hidden(path) and path != SHEET_NAME:
                yield path

    def _digest_of(self, key: str, stop: StopCheck) -> str | None:
        digest = hashlib.sha256()
        try:
            with self._storage.open(key) as file:
                while chunk := file.read(_CHUNK_BYTES):
                    stop()
                    digest.update(chunk)
        except NotFound:  # The file was deleted meanwhile.
            return None
        return digest.hexdigest()
