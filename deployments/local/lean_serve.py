"""Imports Ray Serve without pandas, and excludes its objects from garbage collection.

Serve imports pandas if it is installed, but needs it only to send data frames as JSON. This service
sends no data frames. pandas is installed for batch jobs, and importing it would take 0.4 s of CPU
time and 35 MiB in each process of Ray.

An import makes hundreds of thousands of objects that stay. The collector would look through them
again and again, during this import and later ones: 0.2 s of CPU time in each process.
"""

from __future__ import annotations

import gc
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec

SETUP_HOOK = f"{__name__}.import_serve"
"""For `worker_process_setup_hook` of a `runtime_env`. Ray's workers call it first."""
_LEFT_OUT = "pandas"


class _Absent(MetaPathFinder):
    """An import hook that makes pandas look as if it were not installed."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name == _LEFT_OUT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def import_serve() -> None:
    """Import Serve without pandas. Afterwards pandas can be imported as usual, and the garbage
    collector runs again, but ignores all objects that exist now."""
    absent = _Absent()
    sys.meta_path.insert(0, absent)
    was_on = gc.isenabled()
    gc.disable()
    try:
        import ray.serve  # noqa: F401
    finally:
        sys.meta_path.remove(absent)
        gc.freeze()
        if was_on:
            gc.enable()
