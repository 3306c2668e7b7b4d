"""No room to write: a full disk, a spent quota, a read-only root, the floor of free space."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from botocore.exceptions import ClientError
from typing_extensions import Buffer

from engines.datasets.store.recorder import ImageRecorder
from engines.errors import InsufficientStorage, NotFound, StorageFailed
from engines.protocols import Storage
from engines.storage.folder.storage import FolderStorage
from engines.storage.free_space import CHECK_EVERY_BYTES
from engines.storage.s3.client import S3Client
from engines.storage.s3.storage import S3Storage
from tests.engines.storage.conftest import MakeRequest
from tests.engines.storage.doubles import CountingStorage

FLOOR = 1000


class Refusing(io.FileIO):
    """A file whose every write is refused with one error number."""

    def __init__(self, path: str, number: int) -> None:
        super().__init__(path, "xb")
        self._number = number

    def write(self, content: Buffer, /) -> int:
        raise OSError(self._number, "refused")


class Disk:
    """How much is free, as the test says."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.asked = 0

    def __call__(self, folder: str) -> int:
        self.asked += 1
        return self.free


def files_in(root: Path) -> list[str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return sorted(p.relative_to(root).as_posix() for p in files if ".inferloop" not in p.parts)


def writers(storage: Storage) -> list[Callable[[], object]]:
    def create() -> None:
        with storage.create("exports/new.jsonl") as file:
            file.write(b"x" * 100)

    return [
        lambda: storage.put_new("uploads/new.png", b"x" * 100),
        lambda: storage.replace("profiles/new.json", b"x" * 100),
        create,
    ]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_what_the_file_system_cannot_take_is_insufficient_storage(
    tmp_path: Path, number: int
) -> None:
    def opener(path: str) -> BinaryIO:
        return cast(BinaryIO, Refusing(path, number))

    for write in writers(FolderStorage(tmp_path, opener=opener)):
        with pytest.raises(InsufficientStorage) as caught:
            write()
        assert caught.value.details == {"limit": "file_system"}
        assert str(tmp_path) not in caught.value.message
    assert files_in(tmp_path) == []


def test_other_trouble_of_the_file_system_stays_a_failure(tmp_path: Path) -> None:
    def opener(path: str) -> BinaryIO:
        return cast(BinaryIO, Refusing(path, errno.EIO))

    for write in writers(FolderStorage(tmp_path, opener=opener)):
        with pytest.raises(StorageFailed) as caught:
            write()
        assert not isinstance(caught.value, InsufficientStorage)


def test_below_the_floor_nothing_is_written_and_all_else_goes_on(tmp_path: Path) -> None:
    disk = Disk(free=10 * FLOOR)
    storage = FolderStorage(tmp_path, min_free_bytes=FLOOR, free=disk)
    storage.put_new("uploads/old.png", b"old")
    before = files_in(tmp_path)
    disk.free = FLOOR - 1
    for write in writers(storage):
        with pytest.raises(InsufficientStorage) as caught:
            write()
        assert caught.value.details == {
            "limit": "free_space",
            "limit_bytes": FLOOR,
            "free_bytes": FLOOR - 1,
        }
    assert files_in(tmp_path) == before
    assert storage.read("uploads/old.png") == b"old"
    assert [stat.key for stat in storage.list("")] == ["uploads/old.png"]
    storage.delete("uploads/old.png")
    with pytest.raises(NotFound):
        storage.stat("uploads/old.png")


def test_the_floor_counts_what_is_about_to_be_written(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path, min_free_bytes=FLOOR, free=Disk(free=FLOOR + 50))
    storage.put_new("a", b"x" * 50)
    with pytest.raises(InsufficientStorage):
        storage.put_new("b", b"x" * 51)


def test_an_export_that_grows_into_the_floor_is_stopped_and_the_old_one_stays(
    tmp_path: Path,
) -> None:
    disk = Disk(free=FLOOR + 4 * CHECK_EVERY_BYTES)
    storage = FolderStorage(tmp_path, min_free_bytes=FLOOR, free=disk)
    with storage.create("exports/a.jsonl") as file:
        file.write(b"old")

    def grow(file: BinaryIO) -> None:
        for _ in range(20 * CHECK_EVERY_BYTES // 2**20):
            file.write(bytes(2**20))
            disk.free -= 2**20

    with pytest.raises(InsufficientStorage), storage.create("exports/a.jsonl") as file:
        grow(file)
    assert disk.free > FLOOR - CHECK_EVERY_BYTES
    assert storage.read("exports/a.jsonl") == b"old"
    assert files_in(tmp_path) == ["exports/a.jsonl"]


def test_a_watched_file_holds_every_byte_and_seeks(tmp_path: Path) -> None:
    disk = Disk(free=2**40)
    storage = FolderStorage(tmp_path, min_free_bytes=1, free=disk)
    content = bytes(range(256)) * 8192
    with storage.create("exports/a.bin") as file:
        for start in range(0, len(content), 1000):
            file.write(content[start : start + 1000])
        assert file.tell() == len(content)
        file.seek(0)
        file.write(b"HEAD")
    assert storage.read("exports/a.bin") == b"HEAD" + content[4:]
    stat = storage.stat("exports/a.bin")
    assert stat.size_bytes == len(content)


def test_without_a_floor_nobody_looks_at_the_disk(tmp_path: Path) -> None:
    disk = Disk(free=0)
    FolderStorage(tmp_path, min_free_bytes=0, free=disk).put_new("a", b"x")
    assert disk.asked == 0


def test_an_image_without_room_for_its_recipe_is_taken_back(
    recorder: ImageRecorder,
    counting: CountingStorage,
    make_request: MakeRequest,
    make_image: Callable[[int], Any],
) -> None:
    counting.full = {"put_new": "image_1.json"}
    with pytest.raises(InsufficientStorage):
        recorder.record(make_request(), make_image(1))
    assert list(counting.list("generated")) == []


def test_a_repeated_image_is_not_taken_back(
    recorder: ImageRecorder,
    counting: CountingStorage,
    make_request: MakeRequest,
    make_image: Callable[[int], Any],
) -> None:
    stored = recorder.record(make_request(), make_image(1))
    counting.delete("generated/nature/image_1.json")
    counting.full = {"put_new": "image_1.json"}
    with pytest.raises(InsufficientStorage):
        recorder.record(make_request(), make_image(1))
    assert counting.stat(stored.key).size_bytes == stored.size_bytes


@pytest.mark.parametrize("code", ["QuotaExceeded", "InsufficientStorage", "XMinioStorageFull"])
def test_a_full_bucket_is_insufficient_storage(s3_client: S3Client, bucket: str, code: str) -> None:
    class Full:
        """A client whose every write is refused as full buckets do."""

        def __getattr__(self, name: str) -> Any:
            return getattr(s3_client, name)

        def put_object(self, **_: Any) -> None:
            raise ClientError({"Error": {"Code": code}}, "PutObject")

        def upload_fileobj(self, *_: Any, **__: Any) -> None:
            raise ClientError({"Error": {"Code": code}}, "PutObject")

    for write in writers(S3Storage(Full(), bucket)):
        with pytest.raises(InsufficientStorage):
            write()
    assert list(S3Storage(s3_client, bucket).list("")) == []
