"""Files and folders that the command line writes. They are checked before the service is called."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from inferloop_synthdata.cli.usage import UsageProblem

if TYPE_CHECKING:
    from inferloop_synthdata.cli.session import Session

Download = Callable[[Path], Path]
"""Downloads into the given file, and returns its path."""


@dataclass(frozen=True, slots=True)
class Target:
    """The target of one download: a file, a folder (one that exists, or a name with a slash at its
    end), or `-` for standard output."""

    text: str

    @property
    def is_stdout(self) -> bool:
        """Whether the bytes go to standard output."""
        return self.text == "-"

    @property
    def is_new_folder(self) -> bool:
        """Whether the text ends in a slash, so that it names a folder, which may not exist yet."""
        return self.text.endswith(("/", os.sep))

    @property
    def path(self) -> Path:
        """The file or folder."""
        return Path(self.text)

    def file(self, name: str) -> Path:
        """The file for a download. `name`: path on the server; its last part is the file's name if
        the target is a folder."""
        inside = self.is_new_folder or self.path.is_dir()
        return self.path / PurePosixPath(name).name if inside else self.path

    def free_name(self, name: str) -> str:
        """`name`, or with a number before its suffix ("a_2.png") if the target is a folder that has
        such a file already."""
        own = PurePosixPath(name)
        for number in count(2):
            if not os.path.lexists(self.file(name)) or self.file(name) == self.path:
                break
            name = f"{own.stem}_{number}{own.suffix}"
        return name


def fetch(session: Session, target: Target, name: str, download: Download) -> Path | None:
    """Download to the target, and print where the file is. Returns its path, or None for standard
    output."""
    if not target.is_stdout:
        saved = download(target.file(name))
        session.console.note(f"saved to {saved}")
        return saved
    with tempfile.TemporaryDirectory() as folder:
        content = download(Path(folder) / "file").read_bytes()
    stdout = session.surroundings.stdout
    stdout.flush()
    stdout.buffer.write(content)
    stdout.buffer.flush()
    return None


def check_target(session: Session, option: str, target: Target | None) -> None:
    """Raise `UsageProblem` if the target cannot be written. Creates the folder if the target ends
    in a slash."""
    if target is None:
        return
    if target.is_stdout:
        if session.surroundings.stdout.isatty():
            raise UsageProblem(f"{option} - would write an image to the terminal: use a pipe")
    elif target.is_new_folder:
        make_folder(option, target.path)
    else:
        check_file(option, target.path)


def check_file(option: str, target: Path | None) -> None:
    """Raise `UsageProblem` if the file `target` cannot be written, or no file in the folder
    `target`."""
    if target is not None:
        _check_folder(option, target if target.is_dir() else target.parent)


def make_folder(option: str, target: Path | None) -> None:
    """Create the folder `target`. Raises `UsageProblem` if that fails or it is not writable."""
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
