"""The folders of Rays that were killed are removed by the next; those of the living stay."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from local_ray.running import private_ray_folder, sweep_folders


def aged(path: Path) -> Path:
    """As if it had been made an hour ago."""
    an_hour_ago = time.time() - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))
    return path


def left_behind(under: Path, name: str = "ifl-dead") -> Path:
    folder = under / name
    (folder / "r1" / "session_1").mkdir(parents=True)
    return aged(folder)


def test_a_folder_goes_with_its_owner(tmp_path: Path) -> None:
    with private_ray_folder(str(tmp_path)) as folder:
        assert folder.parent.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == []


def test_the_next_owner_removes_that_of_a_killed_one(tmp_path: Path) -> None:
    dead = left_behind(tmp_path)
    with private_ray_folder(str(tmp_path)):
        assert not dead.exists()


def test_a_living_owner_keeps_its_folder(tmp_path: Path) -> None:
    with private_ray_folder(str(tmp_path)) as folder:
        aged(folder.parent)
        assert sweep_folders(str(tmp_path)) == 0
        assert folder.parent.is_dir()


def test_a_ray_that_outlives_its_owner_keeps_it_too(tmp_path: Path) -> None:
    orphaned = left_behind(tmp_path)
    waits = "print(flush=True); input()"
    command = [sys.executable, "-c", waits, f"--session_dir={orphaned}/r1/session_1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as ray:
        assert ray.stdout is not None
        ray.stdout.readline()  # Only now does the system certainly tell its command line.
        assert sweep_folders(str(tmp_path)) == 0
        ray.communicate(b"\n")
    assert sweep_folders(str(tmp_path)) == 1


def test_what_is_new_or_of_another_name_or_a_link_stays(tmp_path: Path) -> None:
    new = tmp_path / "ifl-new"
    new.mkdir()
    other = left_behind(tmp_path, "other")
    (tmp_path / "ifl-link").symlink_to(other)
    assert sweep_folders(str(tmp_path)) == 0
    assert other.is_dir()
