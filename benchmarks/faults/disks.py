"""Faults of the file system under a data root."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from benchmarks.faults.inflicting import Fault

FILLER = "filler"


def disk_full(root: Path) -> Fault:
    """Fills the file system with one file. The data root must have its own file system."""
    filler = root / FILLER

    def strike() -> None:
        stat = os.statvfs(root)
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, stat.f_bavail * stat.f_frsize))

    return Fault("disk full", strike, lambda: filler.unlink(missing_ok=True))


def read_only(root: Path) -> Fault:
    return Fault(
        "disk read-only",
        lambda: _mount("-o", "remount,ro", str(root)),
        lambda: _mount("-o", "remount,rw", str(root)),
    )


def data_root_gone(root: Path) -> Fault:
    """Moves the data root away, and back at the end."""
    elsewhere = root.with_name(f"{root.name}-elsewhere")
    seen: list[str] = []

    def lift() -> None:
        if root.exists():
            seen.append("made again without an error")
            root.rename(root.with_name(f"{root.name}-made-anew"))
        elsewhere.rename(root)

    return Fault("data root gone", lambda: _moved(root, elsewhere), lift, seen=seen)


def _moved(root: Path, elsewhere: Path) -> None:
    root.rename(elsewhere)


def own_file_system(root: Path, size_bytes: int) -> bool:
    """Mount a tmpfs of `size_bytes` at the data root. Returns False if this process may not
    mount."""
    root.mkdir(parents=True, exist_ok=True)
    try:
        _mount("-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(root))
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def without_file_system(root: Path) -> None:
    subprocess.run(["umount", "-l", str(root)], check=True, capture_output=True)


def _mount(*options: str) -> None:
    subprocess.run(["mount", *options], check=True, capture_output=True)
