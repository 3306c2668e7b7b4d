"""The local file to which a download is written."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from inferloop_synthdata.atomic_file import AtomicFile
from inferloop_synthdata.continued_file import ContinuedFile
from inferloop_synthdata.operations.operation import Operation

T = TypeVar("T")

LocalFile = AtomicFile | ContinuedFile
"""Both appear whole or not at all."""


def local_file(operation: Operation[T]) -> AbstractContextManager[LocalFile | None]:
    """Where the operation's bytes go; None for one that is no download. Blocks; `OSError` where
    the folder is absent or full."""
    if operation.save_to is None:
        return nullcontext()
    return (ContinuedFile if operation.continues else AtomicFile)(operation.save_to)
