"""The state folder of this product, and secrets that are made once and stored in it."""

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
    """The absolute path of the state folder: `INFERLOOP_STATE_DIR`, or by default
    `$XDG_STATE_HOME/inferloop` (XDG Base Directory Specification)."""
    if configured := environment.get("INFERLOOP_STATE_DIR"):
        return Path(configured).expanduser().absolute()
    home = Path(environment.get("HOME") or Path.home())
    base = environment.get("XDG_STATE_HOME") or home / ".local" / "state"
    return Path(base).absolute() / "inferloop"


def private_folder(path: Path, user_id: int | None = None) -> Path:
    """Create the folder if there is none, and allow access only to its owner. `user_id`: its
    expected owner, by default the current user.

    Raises:
        PermissionError: the folder belongs to another user, who could read its files.
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
    """The secret in the file, and whether it is new.

    A secret is made if there is none, or if other users could read the present one. The file is
    written atomically, with mode 0600. Two processes that call this at the same time get the same
    secret.

    Raises:
        PermissionError: the folder belongs to another user.
    """
    private_folder(path.parent)
    kept = _kept(path)
    if kept is not None:
        return kept, False
    with _alone(path.parent):
        kept = _kept(path)  # another process may have made it while this one waited
        if kept is not None:
            return kept, False
        fresh = make()
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:  # 0600
            file.write(fresh + "\n")
        os.replace(file.name, path)
    return fresh, True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Allow one thread or process at a time. If the holder dies, the kernel releases the lock."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def new_token() -> str:
    """A token for Ray: 256 random bits as 64 hexadecimal digits, the form of Ray's own tokens."""
    return secrets.token_hex(32)


def _kept(path: Path) -> str | None:
    """The content of the file, if only its owner can read and write it. Otherwise None."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:  # there is no such file, or it is a link
        return None
    with os.fdopen(descriptor, encoding="utf-8") as file:
        found = os.fstat(file.fileno())
        if found.st_uid != os.geteuid() or found.st_mode & _OTHERS:
            return None
        return file.read().strip() or None
