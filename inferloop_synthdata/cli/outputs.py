"""Where the command line writes: looked at before the service works, not when it has."""

from __future__ import annotations

import os
from pathlib import Path

from inferloop_synthdata.cli.usage import UsageProblem


def check_file(option: str, target: Path | None) -> None:
    """`UsageProblem` where no file can appear at `target`, or in it if it is a folder."""
    if target is not None:
        _check_folder(option, target if target.is_dir() else target.parent)


def make_folder(option: str, target: Path | None) -> None:
    """Make the folder `target`; `UsageProblem` where it cannot be one that takes files."""
    if target is None:
        return
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageProblem(f"{option} {target}: {error.strerror}") from None
    _check_folder(option, target)


def _check_folder(option: str, folder: Path) -> None:
    if not folder.is_dir():
        raise UsageProblem(f"{option}: there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageProblem(f"{option}: the folder {folder} is not writable")
