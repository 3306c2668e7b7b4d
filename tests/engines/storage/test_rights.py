"""Who may read the data root: the owner and the group, whatever the umask is."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.storage.folder.storage import FolderStorage


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_files_are_0640_and_folders_0750_whatever_the_umask_is(tmp_path: Path) -> None:
    root = tmp_path / "data" / "root"
    storage = FolderStorage(root, min_free_bytes=1)
    storage.put_new("generated/nature/a.png", b"x")
    storage.replace("profiles/a.json", b"x")
    with storage.create("exports/deep/er/a.jsonl") as file:
        file.write(b"x")
    storage.append("generated/nature/.index/1.jsonl", b"x\n")
    for path in root.rglob("*"):
        if path.parent.name == "locks":
            assert rights(path) & 0o137 == 0
            continue
        assert rights(path) == (0o750 if path.is_dir() else 0o640), path
    assert rights(root) == 0o750
    assert rights(tmp_path / "data") == 0o750


def test_folders_that_are_there_keep_their_rights(tmp_path: Path) -> None:
    shared = tmp_path / "data"
    shared.mkdir()
    shared.chmod(0o770)
    FolderStorage(shared).put_new("uploads/a.png", b"x")
    assert rights(shared) == 0o770


def test_new_folders_keep_the_group_of_a_shared_volume(tmp_path: Path) -> None:
    shared = tmp_path / "data"
    shared.mkdir()
    shared.chmod(0o2770)
    FolderStorage(shared).put_new("uploads/a.png", b"x")
    assert rights(shared / "uploads") == 0o2750
