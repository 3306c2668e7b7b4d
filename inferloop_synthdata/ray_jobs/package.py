"""Packs a working directory into a ZIP file that a Ray cluster unpacks for a job."""

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


def _files(folder: Path) -> Iterator[Path]:
    rules = IgnoreRules.of_folder(folder)
    for parent, folders, names in os.walk(folder):
        inside = Path(parent).relative_to(folder)
        # `os.walk` enters the folders that this list has afterwards, in this order.
        folders[:] = sorted(
            name
            for name in folders
            if name != ".git" and not rules.leaves_out((inside / name).as_posix(), True)
        )
        for name in sorted(names):
            path = Path(parent) / name
            if path.is_file() and not rules.leaves_out((inside / name).as_posix(), False):
                yield path
