"""Reads and writes files of the data root on worker threads of the ingress replica."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from itertools import count, islice

from deployments.adapters.uploads import UploadChecker
from deployments.background import Threads
from engines.datasets.cards.files import files_of_card
from engines.datasets.store.layout import iter_images, iter_left_out
from engines.datasets.store.store import DatasetStore
from engines.datasets.store.uploading import keep_upload
from engines.datasets.upkeep.removal import delete_export, delete_image
from engines.errors import Conflict
from engines.images import ImageInfo, ImageLimits, verify
from engines.images.model import refuse
from engines.images.small import KeptPictures, small_webp
from engines.protocols import StopCheck, Storage
from engines.types import ObjectStat, SkippedFile
from engines.types.datasets.datasets import DatasetUpload
from engines.types.image_formats import SUFFIX_BY_FORMAT

CHUNK_BYTES = 2**20
READ_THREADS, WRITE_THREADS, LIST_THREADS, SMALL_THREADS = 8, 4, 2, 4
"""Threads of the ingress replica for each kind of work, so that no kind waits for another."""
KEPT_BYTES = 64 * 2**20
"""Size of the cache of thumbnails: about 8,000 thumbnails of 256 pixels."""
_names = count()


class FileThreads:
    """The threads of the ingress replica for files, and its cache of thumbnails; shared by all
    spaces."""

    def __init__(self) -> None:
        self.reads = Threads("read", READ_THREADS)
        self.writes = Threads("write", WRITE_THREADS)
        self.lists = Threads("list", LIST_THREADS)
        self.usage = Threads("usage", 1)
        self.small = Threads("small", SMALL_THREADS)
        self.kept = KeptPictures(KEPT_BYTES)


class StoredFiles:
    """Implements `serve_app.services.Files` with a `Storage`."""

    def __init__(
        self,
        storage: Storage,
        limits: ImageLimits,
        uploads: UploadChecker | None = None,
        threads: FileThreads | None = None,
    ) -> None:
        """`uploads` decodes uploads in worker processes. None: threads of this process decode them.

        `threads` can be shared with the storages of other spaces.
        """
        self._storage = storage
        self._limits = limits
        self._uploads = uploads
        self._store = DatasetStore(storage)
        threads = threads or FileThreads()
        self._reads, self._writes, self._lists = threads.reads, threads.writes, threads.lists
        self._small, self._kept = threads.small, threads.kept
        self._name = f"{next(_names)}\0"  # The same key exists in every space.

    async def stat(self, key: str) -> ObjectStat:
        return await self._reads.run(self._storage.stat, key)

    async def read(
        self, key: str, start: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        # Opened once, so that a version that is written meanwhile is not mixed into this one.
        file = await self._reads.run(self._storage.open, key)
        try:
            await self._reads.run(file.seek, start)
            left = sys.maxsize if length is None else length
            while left and (chunk := await self._reads.run(file.read, min(left, CHUNK_BYTES))):
                left -= len(chunk)
                yield chunk
        finally:
            file.close()

    async def thumbnail(self, stat: ObjectStat, side_px: int) -> bytes:
        # By version: an image that took the place of another is not shown as that one.
        name = f"{self._name}{stat.key}\0{stat.etag}\0{side_px}"
        kept = self._kept.get(name)
        if kept is not None:
            return kept
        return await self._small.run(self._thumbnail, stat, side_px, name)

    def _thumbnail(self, stat: ObjectStat, side_px: int, name: str) -> bytes:
        if stat.size_bytes > self._limits.max_bytes:
            raise refuse("is too large a file", f"bytes <= {self._limits.max_bytes}")
        content = self._storage.read(stat.key)
        if self._uploads is None:
            small = small_webp(content, side_px, self._limits)
        else:
            small = self._uploads.thumbnail(content, side_px)
        self._kept.put(name, small)
        return small

    async def presign(self, key: str, expires_s: int) -> str | None:
        return await self._reads.run(self._storage.presign, key, expires_s)

    async def upload_image(self, content: bytes, folder: str | None, unique: str) -> str:
        info = await self._checked(content)
        return await self._writes.run(self._keep, content, info.format, folder, unique)

    async def upload_into(self, content: bytes, upload: DatasetUpload) -> str:
        info = await self._checked(content)
        return await self._writes.run(keep_upload, self._store, content, info, upload)

    async def _checked(self, content: bytes) -> ImageInfo:
        if self._uploads is None:
            return await self._writes.run(verify, content, self._limits)
        return await self._uploads.check(content)

    async def delete_image(self, key: str) -> None:
        await self._writes.run(delete_image, self._store, key)
        self._kept.forget(f"{self._name}{key}\0")

    async def delete_export(self, key: str) -> None:
        await self._writes.run(delete_export, self._store, key)

    async def files_of_export(self, key: str) -> Sequence[str]:
        return await self._reads.run(files_of_card, self._storage, key)

    async def list_images(self, folder_key: str, limit: int) -> Sequence[str]:
        return await self._lists.run_stoppable(partial(self._list, folder_key, limit))

    async def list_left_out(self, folder_key: str, limit: int) -> tuple[int, Sequence[SkippedFile]]:
        return await self._lists.run_stoppable(partial(self._left_out, folder_key, limit))

    def _left_out(
        self, folder_key: str, limit: int, stop: StopCheck
    ) -> tuple[int, list[SkippedFile]]:
        left_out = iter_left_out(self._storage, folder_key, stop)
        named = list(islice(left_out, limit))
        return len(named) + sum(1 for _ in left_out), named

    def _list(self, folder_key: str, limit: int, stop: StopCheck) -> list[str]:
        images = iter_images(self._storage, folder_key, stop)
        return [stat.key for stat in islice(images, limit)]

    def _keep(self, content: bytes, kind: str, folder: str | None, unique: str) -> str:
        name = f"upload_{unique}{SUFFIX_BY_FORMAT.get(kind, '.img')}"
        key = f"uploads/{folder}/{name}" if folder else f"uploads/{name}"
        try:
            self._storage.put_new(key, content)
        except Conflict:
            if self._storage.read(key) != content:
                raise
        return key
