"""The state folder of this product, and secrets that are made once and kept in it."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PRIVATE_FOLDER = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def state_dir(environment: Mapping[str, str]) -> Path:
    """`INFERLOOP_STATE_DIR`, else XDG's state folder for this product; absolute."""
    if configured := environment.get("INFERLOOP_STATE_DIR"):
        return Path(configured).expanduser().absolute()
    home = Path(environment.get("HOME") or Path.home())
    base = environment.get("XDG_STATE_HOME") or home / ".local" / "state"
    return Path(base).absolute() / "inferloop"


def private_folder(path: Path, user_id: int | None = None) -> Path:
    """Make the folder if it is not there; nobody but the user (ours if left out) may enter it.

    Raises:
        PermissionError: the folder belongs to another user, who could read what is put there.
    """
    path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    found = path.stat()
    if found.st_uid != (os.geteuid() if user_id is None else user_id):
        raise PermissionError(
            f"{path} belongs to another user: set INFERLOOP_STATE_DIR to your own"
        )
    if found.st_mode & _OTHERS:
        path.chmod(PRIVATE_FOLDER)
    return path


def kept_secret(path: Path, make: Callable[[], str]) -> tuple[str, bool]:
    """The secret in the file, and whether it was made just now.

    It is made where there is none, and made anew where others could read the one that is there.
    The file appears whole, with the rights 0600; of two processes that make one at the same time,
    both get the same.

    Raises:
        PermissionError: the folder belongs to another user.
    """
    private_folder(path.parent)
    kept = _kept(path)
    if kept is not None:
        return kept, False
    with _alone(path.parent):
        kept = _kept(path)  # another one may have made it before our turn came
        if kept is not None:
            return kept, False
        fresh = make()
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:  # 0600
            file.write(fresh + "\n")
        os.replace(file.name, path)
    return fresh, True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one thread or process at a time in; the kernel lets the next in if the holder dies."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def new_token() -> str:
    """A token of Ray: 256 random bits, in hexadecimal digits, as Ray makes them."""
    return secrets.token_hex(32)


def _kept(path: Path) -> str | None:
    """What the file says, if nobody but its owner could ever read or replace it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:  # absent, or a link to somewhere else
        return None
    with os.fdopen(descriptor, encoding="utf-8") as file:
        found = os.fstat(file.fileno())
        if found.st_uid != os.geteuid() or found.st_mode & _OTHERS:
            return None
        return file.read().strip() or None
