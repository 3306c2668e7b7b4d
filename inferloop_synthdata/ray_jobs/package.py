"""A working directory as the zip that a Ray cluster unpacks for a job."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.ray_jobs.ignore_rules import IgnoreRules

MAX_PACKAGE_BYTES = 500 * 2**20
"""Ray takes 512 MiB in one message (`GRPC_CPP_MAX_MESSAGE_SIZE`)."""

_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def package_folder(folder: Path, max_bytes: int = MAX_PACKAGE_BYTES) -> bytes:
    """The folder's files without what `.gitignore`, `.rayignore` and `.git` leave out.

    The same files give the same bytes, so that a second submission finds its package there.
    Raises `UsageProblem` where the files are too large to send.
    """
    files = list(_files(folder))
    total_bytes = sum(path.stat().st_size for path in files)
    if total_bytes > max_bytes:
        raise UsageProblem(
            f"{folder} holds {total_bytes // 2**20} MiB, a job takes {max_bytes // 2**20}: "
            "name what it does not need in .rayignore"
        )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _LONG_AGO)
            entry.external_attr = (path.stat().st_mode & 0o777) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, path.read_bytes())
    return archive.getvalue()


def package_name(content: bytes) -> str:
    """Name by content, in the form that Ray's own packages have."""
    return f"_ray_pkg_{hashlib.sha256(content).hexdigest()[:32]}.zip"


def _files(folder: Path) -> Iterator[Path]:
    rules = IgnoreRules.of_folder(folder)
    for parent, folders, names in os.walk(folder):
        inside = Path(parent).relative_to(folder)
        # Pruned in place and ordered: `os.walk` then neither enters the others nor wanders.
        folders[:] = sorted(
            name
            for name in folders
            if name != ".git" and not rules.leaves_out((inside / name).as_posix(), True)
        )
        for name in sorted(names):
            path = Path(parent) / name
            if path.is_file() and not rules.leaves_out((inside / name).as_posix(), False):
                yield path
