"""The ingress's files over a real folder: parts, one version throughout, deleting, listing."""

from __future__ import annotations

import io
from pathlib import Path

import orjson
import pytest
from PIL import Image

from deployments.adapters.files import CHUNK_BYTES, FileThreads, StoredFiles
from engines.errors import InvalidImage, NotFound
from engines.images import ImageLimits
from engines.storage.folder.storage import FolderStorage
from tests.engines.storage.doubles import CountingStorage

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


def png(color: tuple[int, int, int], side: int = 200) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), color).save(file, "PNG")
    return file.getvalue()


class TestThumbnails:
    KEY = "uploads/a.png"

    async def small(self, files: StoredFiles, side_px: int = 64) -> bytes:
        return await files.thumbnail(await files.stat(self.KEY), side_px)

    async def test_one_is_made_once_for_each_version_and_size(self, tmp_path: Path) -> None:
        storage = CountingStorage(FolderStorage(tmp_path))
        files = StoredFiles(storage, ImageLimits())
        storage.put_new(self.KEY, png((255, 0, 0)))
        first = await self.small(files)
        assert await self.small(files) == first
        assert storage.reads == [self.KEY]
        assert Image.open(io.BytesIO(await self.small(files, 128))).size == (128, 128)
        storage.replace(self.KEY, png((0, 255, 0)))
        assert await self.small(files) != first
        assert len(storage.reads) == 3

    async def test_the_same_name_in_another_space_is_another_image(self, tmp_path: Path) -> None:
        threads = FileThreads()
        stats, found = [], []
        for space, color in (("a", (255, 0, 0)), ("b", (0, 0, 255))):
            storage = FolderStorage(tmp_path / space)
            storage.put_new(self.KEY, png(color))
            files = StoredFiles(storage, ImageLimits(), threads=threads)
            stats.append((await files.stat(self.KEY))._replace(etag="same"))
            found.append(await files.thumbnail(stats[-1], 64))
        assert found[0] != found[1]

    async def test_of_a_deleted_image_nothing_is_shown(self, storage: FolderStorage) -> None:
        files = StoredFiles(storage, ImageLimits())
        storage.put_new(self.KEY, png((255, 0, 0)))
        stat = await files.stat(self.KEY)
        await files.thumbnail(stat, 64)
        await files.delete_image(self.KEY)
        with pytest.raises(NotFound):
            await files.thumbnail(stat, 64)

    async def test_a_file_that_is_too_large_is_not_read(self, tmp_path: Path) -> None:
        storage = CountingStorage(FolderStorage(tmp_path))
        files = StoredFiles(storage, ImageLimits(max_bytes=100))
        storage.put_new(self.KEY, png((255, 0, 0)))
        with pytest.raises(InvalidImage):
            await self.small(files)
        assert storage.reads == []


async def test_the_files_of_an_export_with_splits_are_known_by_its_target(
    files: StoredFiles, storage: FolderStorage
) -> None:
    names = "set-test.jsonl", "set-train.jsonl"
    card = {"distribution": [{"contentUrl": name} for name in names]}
    storage.put_new(f"{KEY}.croissant.json", orjson.dumps(card))
    assert await files.files_of_export(KEY) == [f"exports/{name}" for name in names]
    assert await files.files_of_export("exports/none.jsonl") == []
