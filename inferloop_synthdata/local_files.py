"""The local file to which a download is written."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from inferloop_synthdata.atomic_file import AtomicFile
from inferloop_synthdata.continued_file import ContinuedFile
from inferloop_synthdata.operations.operation import Operation

T = TypeVar("T")

LocalFile = AtomicFile | ContinuedFile
"""Both appear complete or not at all."""


def local_file(operation: Operation[T]) -> AbstractContextManager[LocalFile | None]:
    """The file for the bytes of a download; None for every other operation. Blocks. Raises
    `OSError` if the folder does not exist or is full."""
    if operation.save_to is None:
        return nullcontext()
    return (ContinuedFile if operation.continues else AtomicFile)(operation.save_to)
