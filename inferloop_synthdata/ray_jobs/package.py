"""Packs a working directory into a ZIP file that a Ray cluster unpacks for a job."""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from inferloop_synthdata.cli.usage import UsageProblem

MAX_PACKAGE_BYTES = 500 * 2**20
"""Slightly below the largest message that Ray takes, 512 MiB (`GRPC_CPP_MAX_MESSAGE_SIZE`)."""

_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""Modification time of every file in the package: the earliest that ZIP can store. With the real
times, the same content would give different bytes."""


def package_folder(folder: Path, max_bytes: int = MAX_PACKAGE_BYTES) -> bytes:
    """A ZIP file of the files below `folder`, without `.git` and without the files that
    `.gitignore` and `.rayignore` exclude. Blocks.

    The same files always give the same bytes, so that a second submission does not upload them
    again.

    Raises:
        UsageProblem: the files have more than `max_bytes` in all.
        OSError: a file cannot be read.
    """
    files = list(_files(folder))
    total_bytes = sum(path.stat().st_size for path in files)
    if total_bytes > max_bytes:
        raise UsageProblem(
            f"{folder} has {total_bytes // 2**20} MiB, a job takes {max_bytes // 2**20}: "
            "list the files that the job does not need in .rayignore"
        )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _FIXED_TIME)
            entry.external_attr = (path.stat().st_mode & 0o777) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, path.read_bytes())
    return archive.getvalue()


def package_name(content: bytes) -> str:
    """File name of a package, from the SHA-256 of its content, in the form that Ray uses."""
    return f"_ray_pkg_{hashlib.sha256(content).hexdigest()[:32]}.zip"


def ignore_rules(folder: Path) -> GitIgnoreSpec:
    """The rules of `.gitignore` and then `.rayignore` in `folder`, as Git reads them. Files of
    these names in folders below it are not read.

    A line of `.rayignore` can include again what `.gitignore` excludes. (In Ray's own packing it
    cannot, because Ray applies each file separately, with its copy of pathspec 0.8.1.)

    Raises `OSError` if one of the files cannot be read.
    """
    lines: list[str] = []
    for name in (".gitignore", ".rayignore"):
        path = folder / name
        if path.is_file():
            # Not `str.splitlines`: it splits at Unicode line ends too, which names may contain.
            lines += path.read_text(encoding="utf-8-sig").split("\n")
    return ignoring(lines)


def ignoring(lines: Iterable[str]) -> GitIgnoreSpec:
    """The rules of these lines. A folder is matched by its path with a slash behind it."""
    return GitIgnoreSpec.from_lines(lines, _rule)


def _rule(line: str) -> GitIgnoreSpecPattern:
    try:
        return GitIgnoreSpecPattern(line)
    except (
        re.error,
        GitIgnorePatternError,
    ):  # such as the range [z-a]: it matches nothing, as in Git
        return GitIgnoreSpecPattern(None)


def _files(folder: Path) -> Iterator[Path]:
    rules = ignore_rules(folder)
    for parent, folders, names in os.walk(folder):
        inside = Path(parent).relative_to(folder)
        # `os.walk` enters the folders that this list has afterwards, in this order.
        folders[:] = sorted(
            name
            for name in folders
            if name != ".git" and not rules.match_file(f"{(inside / name).as_posix()}/")
        )
        for name in sorted(names):
            path = Path(parent) / name
            if path.is_file() and not rules.match_file((inside / name).as_posix()):
                yield path
