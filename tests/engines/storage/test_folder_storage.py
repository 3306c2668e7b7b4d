"""What only a folder can get wrong: links, full disks, temporary names, strange files."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from typing_extensions import Buffer

from engines.errors import Conflict, InvalidPath, NotFound, StorageFailed
from engines.storage.folder.storage import FolderStorage
from engines.storage.keys import TEMPORARY_PREFIX


class FullDisk:
    """Opens files that take `room` bytes and then are out of space, like a full disk."""

    def __init__(self, room: int) -> None:
        self.room = room

    def __call__(self, path: str) -> BinaryIO:
        return cast(BinaryIO, _FullFile(path, self.room))


class _FullFile(io.FileIO):
    def __init__(self, path: str, room: int) -> None:
        super().__init__(path, "xb")
        self._room = room

    def write(self, content: Buffer, /) -> int:
        size = memoryview(content).nbytes
        if size > self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._room -= size
        return super().write(content)


def every_file(root: Path) -> list[str]:
    return sorted(
        p.relative_to(root).as_posix()
        for p in root.rglob("*")
        if p.is_file() and ".inferloop" not in p.parts
    )


def test_a_full_disk_leaves_no_half_file(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path, opener=FullDisk(room=10))
    for write in (storage.put_new, storage.replace):
        with pytest.raises(StorageFailed, match="full"):
            write("generated/x.png", b"0123456789abcdef")
    with pytest.raises(StorageFailed, match="full"), storage.create("generated/x") as file:
        file.writelines([b"12345", b"0123456789"])
    assert every_file(tmp_path) == []
    assert storage.put_new("generated/x.png", b"small").size_bytes == 5


def test_a_full_disk_leaves_the_old_version(tmp_path: Path) -> None:
    FolderStorage(tmp_path).put_new("exports/a.jsonl", b"old")
    full = FolderStorage(tmp_path, opener=FullDisk(room=2))
    with pytest.raises(StorageFailed):
        full.replace("exports/a.jsonl", b"new content")
    assert every_file(tmp_path) == ["exports/a.jsonl"]
    assert full.read("exports/a.jsonl") == b"old"


LIMITED_APPEND = """
import resource, sys
from pathlib import Path
from engines.errors import StorageFailed
from engines.storage.folder.storage import FolderStorage
storage = FolderStorage(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    storage.append("index.jsonl", b"seven.\\n" * 2)
except StorageFailed as error:
    print(error)
"""


def test_an_append_cut_short_by_the_kernel_leaves_whole_records(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.append("index.jsonl", b"first\n")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED_APPEND, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "too large" in done.stdout
    assert storage.read("index.jsonl") == b"first\n"


def test_links_out_of_the_root_are_refused_before_any_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes(b"secret")
    storage = FolderStorage(tmp_path / "root")
    (tmp_path / "root" / "generated").symlink_to(outside)
    (tmp_path / "root" / "file.png").symlink_to(outside / "secret.png")
    for key in ("generated/secret.png", "file.png", "generated/new.png", "generated/absent/x"):
        for use in (storage.read, storage.open, storage.stat, storage.delete):
            with pytest.raises(InvalidPath):
                use(key)
        with pytest.raises(InvalidPath):
            storage.put_new(key, b"x")
    assert [stat.key for stat in storage.list("")] == []
    assert (outside / "secret.png").read_bytes() == b"secret"
    assert every_file(outside) == ["secret.png"]


def test_links_within_the_root_are_followed(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.put_new("uploads/a.png", b"a")
    (tmp_path / "uploads" / "b.png").symlink_to(tmp_path / "uploads" / "a.png")
    assert storage.read("uploads/b.png") == b"a"
    assert [stat.key for stat in storage.list("uploads")] == ["uploads/a.png", "uploads/b.png"]


def test_a_root_that_is_a_link_is_fine(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "disk")
    storage = FolderStorage(tmp_path / "data")
    storage.put_new("a/b", b"x")
    assert storage.read("a/b") == b"x"


def test_a_neighbor_with_the_roots_name_as_prefix_is_outside(tmp_path: Path) -> None:
    (tmp_path / "data-secret").mkdir()
    (tmp_path / "data-secret" / "x").write_bytes(b"secret")
    storage = FolderStorage(tmp_path / "data")
    (tmp_path / "data" / "link").symlink_to(tmp_path / "data-secret")
    with pytest.raises(InvalidPath):
        storage.read("link/x")


def test_temporary_files_are_hidden_and_swept(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.put_new("a/x", b"x")
    left = tmp_path / "a" / f"{TEMPORARY_PREFIX}dead"
    left.write_bytes(b"half")
    fresh = tmp_path / "a" / f"{TEMPORARY_PREFIX}alive"
    fresh.write_bytes(b"half")
    os.utime(left, (time.time() - 90_000, time.time() - 90_000))
    assert [stat.key for stat in storage.list("")] == ["a/x"]
    assert storage.sweep_temporary() == 1
    assert not left.exists()
    assert fresh.exists()


def test_a_named_pipe_is_not_an_object_and_does_not_hang(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotFound):
        storage.read("pipe")
    assert list(storage.list("")) == []


def test_file_in_the_way_of_a_folder_is_a_conflict(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.put_new("a", b"x")
    storage.put_new("b/c", b"x")
    for key in ("a/b", "b"):
        with pytest.raises(Conflict):
            storage.put_new(key, b"x")
        with pytest.raises(Conflict):
            storage.replace(key, b"x")
    storage.delete("b")
    storage.delete("a/b")
    assert storage.read("b/c") == b"x"


def test_errors_name_the_key_and_not_the_path(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path, opener=FullDisk(room=0))
    with pytest.raises(StorageFailed) as caught:
        storage.put_new("generated/x.png", b"0123")
    assert str(tmp_path) not in caught.value.message
    assert "generated/x.png" in caught.value.message


def test_names_that_are_not_utf8_are_not_listed(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    with open(os.path.join(os.fsencode(tmp_path), b"bad\xff.png"), "wb") as file:
        file.write(b"x")
    (tmp_path / "back\\slash.png").write_bytes(b"x")
    assert list(storage.list("")) == []


def test_an_oserror_of_the_callers_block_is_no_missing_object(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    with pytest.raises(StorageFailed), storage.create("x"):
        raise FileNotFoundError(errno.ENOENT, "gone")
    assert every_file(tmp_path) == []


@pytest.mark.slow
def test_who_writes_what_somebody_deletes_at_that_moment_has_no_error(tmp_path: Path) -> None:
    """An image that is made while its dataset is deleted: the write is whole, then it is gone."""
    storage = FolderStorage(tmp_path)
    done = threading.Event()

    def delete() -> None:
        while not done.is_set():
            for found in [*storage.list("generated/d")]:
                storage.delete(found.key)

    deleting = threading.Thread(target=delete)
    deleting.start()
    try:
        for number in range(100):
            assert storage.put_new(f"generated/d/{number}.png", b"image").size_bytes == 5
            assert storage.replace(f"generated/d/{number}.json", b"recipe").size_bytes == 6
            storage.append("generated/d/.index/w-0.jsonl", b"line\n")
    finally:
        done.set()
        deleting.join()
