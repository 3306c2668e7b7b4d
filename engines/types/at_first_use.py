"""Names of a package whose modules are imported when the name is first used.

Every process of the service reads the whole configuration, and few run what it configures: without
this, each of them would load every detector's patterns, boto3 and OpenCV.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module


def at_first_use(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """A module's `__getattr__` (PEP 562): `homes` maps a name to the module of the package that
    defines it. Any other name raises `AttributeError`, as it does in every module."""

    def look_up(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found: object = getattr(import_module(f"{package}.{homes[name]}"), name)
        return found

    return look_up
