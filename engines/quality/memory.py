"""Keeps glibc from returning freed memory to the system."""

from __future__ import annotations

from functools import cache

import numpy as np

_BLOCK_BYTES = 16 * 2**20


@cache
def keep_freed_memory() -> None:
    """Let the process keep up to 32 MiB of freed memory at the top of its heap.

    glibc returns the free memory at the top of the heap to the system if it exceeds twice the
    largest block that was freed so far (mallopt(3), M_TRIM_THRESHOLD). The planes of one image
    exceed that. Every image would then request a thousand pages again, which costs a third of its
    CPU time. Freeing one large block, which is never written to, raises the limit. Without glibc
    this has no effect.
    """
    np.empty(_BLOCK_BYTES, np.uint8)
