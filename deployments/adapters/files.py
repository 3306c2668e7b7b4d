"""Bytes in and out of the data root, on worker threads of the ingress replica."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from itertools import islice

from engines.images import ImageLimits, probe
from engines.protocols import Storage
from engines.types import ObjectStat

CHUNK_BYTES = 2**20
SUFFIXES = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "BMP": "bmp", "TIFF": "tiff", "GIF": "gif"}


def is_image(key: str) -> bool:
    """By its suffix: listing reads no content."""
    suffix = key.rpartition(".")[2].lower()
    return suffix in SUFFIXES.values() or suffix in ("jpeg", "tif")


class StoredFiles:
    """`Files` over a `Storage`."""

    def __init__(self, storage: Storage, limits: ImageLimits) -> None:
        self._storage = storage
        self._limits = limits

    async def stat(self, key: str) -> ObjectStat:
        return await asyncio.to_thread(self._storage.stat, key)

    async def read(self, key: str) -> AsyncIterator[bytes]:
        size = (await self.stat(key)).size_bytes
        for start in range(0, size, CHUNK_BYTES):
            yield await asyncio.to_thread(self._storage.read, key, start, CHUNK_BYTES)

    async def upload_image(self, content: bytes, folder: str | None = None) -> str:
        return await asyncio.to_thread(self._upload, content, folder)

    async def list_images(self, folder_key: str, limit: int) -> Sequence[str]:
        return await asyncio.to_thread(self._list, folder_key, limit)

    def _list(self, folder_key: str, limit: int) -> list[str]:
        keys = (stat.key for stat in self._storage.list(folder_key))
        return list(islice((key for key in keys if is_image(key)), limit))

    def _upload(self, content: bytes, folder: str | None) -> str:
        info = probe(content, self._limits)
        name = f"upload_{uuid.uuid4().hex}.{SUFFIXES.get(info.format, 'img')}"
        key = f"uploads/{folder}/{name}" if folder else f"uploads/{name}"
        self._storage.put_new(key, content)
        return key
