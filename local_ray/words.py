"""Reads the output of a child process from a file."""

from __future__ import annotations

import os
from typing import IO, Any


def words_in(log: IO[Any]) -> str:
    """The whole content of an open file to which a child process writes its output.

    Parent and child share one position in the file. It is not moved here, because the child would
    then overwrite its earlier output.
    """
    size_bytes = os.fstat(log.fileno()).st_size
    return os.pread(log.fileno(), size_bytes, 0).decode("utf-8", "replace")
