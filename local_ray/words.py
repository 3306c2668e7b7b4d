"""What a child process has printed into a file."""

from __future__ import annotations

import os
from typing import IO, Any


def words_in(log: IO[Any]) -> str:
    """All that is in an open file, which a child process has as its output.

    Parent and child share one position in the file. It is not moved here: what the child prints
    meanwhile would go over its earlier words.
    """
    size_bytes = os.fstat(log.fileno()).st_size
    return os.pread(log.fileno(), size_bytes, 0).decode("utf-8", "replace")
