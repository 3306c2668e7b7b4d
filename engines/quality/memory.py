"""What the C library does with memory that is free again."""

from __future__ import annotations

from functools import cache

import numpy as np

_BLOCK_BYTES = 16 * 2**20


@cache
def keep_freed_memory() -> None:
    """Let the process keep up to 32 MiB of freed memory at the top of its heap.

    glibc gives that memory back to the system as soon as it is more than twice the largest block
    that was freed so far (mallopt(3), M_TRIM_THRESHOLD). The planes of one image are more than
    that, so every image would fetch a thousand pages anew, which costs a third of its CPU time.
    Freeing one large block, which is never written to, raises the limit. Elsewhere than on glibc
    this does nothing.
    """
    np.empty(_BLOCK_BYTES, np.uint8)
