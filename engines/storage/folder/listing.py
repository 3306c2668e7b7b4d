"""List a folder in the order in which S3 lists keys: by the UTF-8 bytes of the whole key.

Memory is bounded: a folder of more than `RUN_NAMES` names is sorted in parts on disk.
"""

from __future__ import annotations

import heapq
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from engines.storage.keys import RESERVED_FOLDER, TEMPORARY_PREFIX, escaped, is_key

RUN_NAMES = 20_000
"""Largest number of names that are sorted in memory, about 1.5 MB."""


def walk(
    root: str, folder: str, prefix: str, run_names: int = RUN_NAMES, after: str = ""
) -> Iterator[tuple[str, os.stat_result]]:
    """Key and status of every regular file below `folder` whose key comes after `after`, ordered
    by key.

    Skipped are temporary and reserved names, names that are not valid keys (not UTF-8, with
    backslashes), links that lead out of `root`, and files that are deleted meanwhile.
    """
    with _opened(folder) as descriptor:
        if descriptor is None:
            return
        for name, is_folder in _ordered_names(folder, run_names):
            key = f"{prefix}/{name}" if prefix else name
            if not is_key(key):
                continue
            if after and _is_before(key, is_folder, after):
                continue
            if is_folder:
                yield from walk(root, f"{folder}/{name}", key, run_names, after)
                continue
            try:
                found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                if stat.S_ISLNK(found.st_mode):
                    found = _linked(root, f"{folder}/{name}")
            except (FileNotFoundError, NotADirectoryError):
                continue
            if stat.S_ISREG(found.st_mode):
                yield key, found


def _is_before(key: str, is_folder: bool, after: str) -> bool:
    """Whether neither the key nor, for a folder, any key in it comes after `after`."""
    if not is_folder:
        return key.encode() <= after.encode()
    inside = f"{key}/"
    return inside.encode() < after.encode() and not after.startswith(inside)


@contextmanager
def _opened(folder: str) -> Iterator[int | None]:
    """A descriptor of the folder, with which `stat` is faster than with whole paths; None if the
    folder does not exist."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _linked(root: str, path: str) -> os.stat_result:
    """Status of the target of a link. Raises `FileNotFoundError` if the target is outside
    `root`."""
    if not os.path.realpath(path).startswith(root.rstrip("/") + "/"):
        raise FileNotFoundError(path)
    return os.stat(path)


def folder_names(folder: str, prefix: str) -> Iterator[str]:
    """Names of the folders directly in `folder`, ordered; none if `folder` does not exist."""
    for name, is_folder in _ordered_names(folder):
        if is_folder and is_key(f"{prefix}/{name}" if prefix else name):
            yield name


def refused_names(folder: str, prefix: str) -> Iterator[str]:
    """Names, escaped, of the files below `folder` that are not valid keys, except the storage's own
    (temporary files, the reserved folder)."""
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != RESERVED_FOLDER)
        inner = os.path.relpath(path, folder)
        for name in sorted(names):
            relative = name if inner == "." else f"{inner}/{name}"
            if not name.startswith(TEMPORARY_PREFIX) and not is_key(f"{prefix}/{relative}"):
                yield escaped(relative)


def _ordered_names(folder: str, run_names: int = RUN_NAMES) -> Iterator[tuple[str, bool]]:
    """Pairs (name, is a folder) in the order of keys, in which a folder sorts as its name plus "/".

    Names that are not UTF-8 are left out. Empty if the folder does not exist.
    """
    try:
        entries = os.scandir(os.fsencode(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    with entries, ExitStack() as files:
        names = (e.name + b"/" * e.is_dir(follow_symlinks=False) for e in entries)
        for name in _sorted(names, run_names, files):
            try:
                yield name.rstrip(b"/").decode(), name.endswith(b"/")
            except UnicodeDecodeError:
                continue


def _sorted(names: Iterable[bytes], run_names: int, files: ExitStack) -> Iterator[bytes]:
    """The names, sorted by bytes; names with a line break, which are not valid keys, are left out.

    More than `run_names` names are sorted in parts, in temporary files that `files` closes.
    """
    runs: list[Iterable[bytes]] = []
    run: list[bytes] = []
    for name in names:
        if b"\n" in name:
            continue
        run.append(name)
        if len(run) == run_names:
            run.sort()
            file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as `files`
            runs.append(_spilled(run, files.enter_context(file)))
            run = []
    run.sort()
    return heapq.merge(*runs, run) if runs else iter(run)


def _spilled(run: list[bytes], file: IO[bytes]) -> Iterator[bytes]:
    file.write(b"\n".join(run) + b"\n")
    file.seek(0)
    return (line[:-1] for line in file)
