"""Walking a folder in the order in which a bucket lists its keys: by UTF-8 bytes of the whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from engines.storage.keys import is_key


def walk(root: str, folder: str, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    """Every regular file below `folder` with its key, ordered by key.

    Skipped: temporary and reserved names, names that are no key (not UTF-8, backslashes),
    links that lead out of `root`, and files that vanish while we look.
    """
    for name, is_folder in _ordered_names(folder):
        key = f"{prefix}/{name}" if prefix else name
        path = f"{folder}/{name}"
        if not is_key(key):
            continue
        if is_folder:
            yield from walk(root, path, key)
            continue
        found = _stat_inside(root, path)
        if found is not None and stat.S_ISREG(found.st_mode):
            yield key, found


def folder_names(folder: str, prefix: str) -> Iterator[str]:
    """Names of the folders directly in `folder`, ordered; an absent folder has none."""
    for name, is_folder in _ordered_names(folder):
        if is_folder and is_key(f"{prefix}/{name}" if prefix else name):
            yield name


def _ordered_names(folder: str) -> list[tuple[str, bool]]:
    """(name, is a folder), in the order of keys: a folder sorts as its name and a slash."""
    try:
        with os.scandir(folder) as entries:
            found = [(e.name, e.is_dir(follow_symlinks=False)) for e in entries]
    except (FileNotFoundError, NotADirectoryError):
        return []
    found.sort(key=_key_order)
    return found


def _key_order(entry: tuple[str, bool]) -> bytes:
    name, is_folder = entry
    return (name + "/" if is_folder else name).encode("utf-8", "surrogateescape")


def _stat_inside(root: str, path: str) -> os.stat_result | None:
    try:
        found = os.lstat(path)
        if not stat.S_ISLNK(found.st_mode):
            return found
        if not os.path.realpath(path).startswith(root.rstrip("/") + "/"):
            return None
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
