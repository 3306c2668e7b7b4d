"""Python's collector of cyclic garbage, while thousands of modules are loaded."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_later() -> Iterator[None]:
    """No collection in this process while the block runs.

    Loading modules makes hundreds of thousands of objects that stay, and the collector looks
    through all of them again and again: 15 % of the processor time of importing diffusers.
    A collector that was off before stays off.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
