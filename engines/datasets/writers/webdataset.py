"""WebDataset: tar shards, and a manifest that makes a whole set of them valid at once.

    exports/<name>/manifest.json               names the shards of the one valid run
    exports/<name>/<run>/<split>-000000.tar    written first; other runs' are removed last

A reader that takes the manifest's shards never sees half an export.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, cast

import orjson

from engines.datasets.writers.hashed_file import HashedFile
from engines.datasets.writers.model import WrittenFile

if TYPE_CHECKING:
    from typing import BinaryIO

    from engines.datasets.records.record import Record
    from engines.protocols import Storage

MANIFEST = "manifest.json"
MANIFEST_SCHEMA = "inferloop.webdataset/1"


class _Shard:
    """One open tar."""

    def __init__(self, storage: Storage, folder: str, name: str) -> None:
        self._name = name
        self._publishing: AbstractContextManager[BinaryIO] = storage.create(f"{folder}/{name}")
        self._file = HashedFile(self._publishing.__enter__())
        stream = cast("BinaryIO", self._file)
        self._tar = tarfile.TarFile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT)
        self.size_bytes = 0
        self.count = 0

    def add(self, name: str, content: bytes, modified_at_s: float) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mtime = len(content), int(modified_at_s)
        self._tar.addfile(info, io.BytesIO(content))
        # tarfile would remember every one until the shard is closed
        self._tar.members.clear()  # type: ignore[attr-defined]
        self.size_bytes += len(content) + 1024

    def publish(self) -> WrittenFile:
        self._tar.close()
        self._publishing.__exit__(None, None, None)
        return WrittenFile(
            self._name, self._file.size_bytes, self._file.sha256, "application/x-tar", self.count
        )

    def discard(self, error: BaseException) -> None:
        self._file.abandon()  # closing the tar writes its end
        self._tar.close()
        self._publishing.__exit__(type(error), error, error.__traceback__)


class WebDatasetWriter:
    """One open shard for each split; a context manager that discards open shards on errors."""

    def __init__(self, storage: Storage, folder: str, run: str, shard_bytes: int) -> None:
        self._storage, self._folder, self._run = storage, folder, run
        self._shard_bytes = shard_bytes
        self._open: dict[str, _Shard] = {}
        self._numbers: dict[str, int] = {}
        self.written: list[WrittenFile] = []

    def __enter__(self) -> WebDatasetWriter:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        for shard in self._open.values():
            shard.discard(error or RuntimeError("not finished"))
        self._open.clear()

    def add(self, record: Record, content: bytes | None) -> None:
        """Add `<key>.<suffix>` and `<key>.json` to the record's shard."""
        split = str(record["split"] or "data")
        shard = self._open.get(split)
        if shard is not None and shard.size_bytes >= self._shard_bytes:
            self.written.append(self._open.pop(split).publish())
            shard = None
        if shard is None:
            shard = self._open[split] = self._next(split)
        name = sample_key(str(record["id"]))
        when = datetime.fromisoformat(str(record["created_at"])).timestamp()
        suffix = str(record["file_name"]).rpartition(".")[2].lower()
        shard.add(f"{name}.{suffix}", content or b"", when)
        shard.add(f"{name}.json", orjson.dumps(record), when)
        shard.count += 1

    def finish(self) -> list[WrittenFile]:
        """Publish the open shards; they count only once a manifest names them."""
        for split in sorted(self._open):
            self.written.append(self._open.pop(split).publish())
        return self.written

    def _next(self, split: str) -> _Shard:
        number = self._numbers.get(split, 0)
        self._numbers[split] = number + 1
        return _Shard(self._storage, self._folder, f"{self._run}/{split}-{number:06d}.tar")


def sample_key(image_id: str) -> str:
    """Name of a sample: readers cut it at its first dot, and group files by what is before."""
    if "." not in image_id:
        return image_id
    digest = hashlib.sha256(image_id.encode()).hexdigest()[:8]
    return f"{image_id.replace('.', '_')}_{digest}"


def publish_manifest(storage: Storage, folder: str, run: str, shards: list[WrittenFile]) -> None:
    """Make `shards` the valid ones, then remove every other run."""
    files = [
        {"name": s.name, "size_bytes": s.size_bytes, "sha256": s.sha256, "count": s.count}
        for s in shards
    ]
    manifest = {"schema": MANIFEST_SCHEMA, "run": run, "shards": files}
    storage.replace(f"{folder}/{MANIFEST}", orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    for stat in list(storage.list(folder)):
        name = stat.key[len(folder) + 1 :]
        if name.endswith(".tar") and name.startswith("run-") and not name.startswith(f"{run}/"):
            storage.delete(stat.key)
