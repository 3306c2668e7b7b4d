"""The ingress's files over a real folder: parts, one version throughout, deleting, listing."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.adapters.files import CHUNK_BYTES, StoredFiles
from engines.errors import NotFound
from engines.images import ImageLimits
from engines.storage.folder.storage import FolderStorage

KEY = "exports/set.jsonl"
CONTENT = bytes(range(251)) * 12_000  # three chunks


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path)


@pytest.fixture
def files(storage: FolderStorage) -> StoredFiles:
    storage.put_new(KEY, CONTENT)
    return StoredFiles(storage, ImageLimits())


async def chunks_of(files: StoredFiles, start: int = 0, length: int | None = None) -> list[bytes]:
    return [chunk async for chunk in files.read(KEY, start, length)]


@pytest.mark.parametrize(
    ("start", "length"),
    [(0, None), (5, None), (0, 10), (CHUNK_BYTES - 1, 2), (100, 2 * CHUNK_BYTES), (0, 0)],
)
async def test_a_part_comes_in_bounded_chunks(
    files: StoredFiles, start: int, length: int | None
) -> None:
    found = await chunks_of(files, start, length)
    end = len(CONTENT) if length is None else start + length
    assert b"".join(found) == CONTENT[start:end]
    assert all(0 < len(chunk) <= CHUNK_BYTES for chunk in found)


async def test_a_file_replaced_meanwhile_is_not_mixed_in(
    files: StoredFiles, storage: FolderStorage
) -> None:
    async def read() -> bytes:
        found = b""
        async for chunk in files.read(KEY):
            if not found:
                storage.replace(KEY, b"x" * len(CONTENT))
            found += chunk
        return found

    assert await read() == CONTENT


async def test_what_is_absent_is_told_before_the_first_chunk(files: StoredFiles) -> None:
    async def read() -> None:
        async for _ in files.read("exports/absent"):
            raise AssertionError("there is nothing")

    with pytest.raises(NotFound):
        await read()


async def test_images_and_exports_are_taken_away(
    files: StoredFiles, storage: FolderStorage
) -> None:
    storage.put_new("uploads/a.png", b"x")
    storage.put_new("uploads/a.quality.json", b"{}")

    await files.delete_image("uploads/a.png")
    await files.delete_export(KEY)
    left = [stat.key for stat in storage.list("") if "/." not in stat.key]
    assert left == []


async def test_a_folder_has_no_urls(files: StoredFiles) -> None:
    assert await files.presign(KEY, 60) is None


async def test_images_are_listed_up_to_a_limit(files: StoredFiles, storage: FolderStorage) -> None:
    for name in ("a.png", "b.txt", "c.jpg", "d.webp"):
        storage.put_new(f"uploads/{name}", b"x")
    assert await files.list_images("uploads", 2) == ["uploads/a.png", "uploads/c.jpg"]
    assert len(await files.list_images("uploads", 100)) == 3
    assert await files.list_images("uploads/absent", 100) == []
