"""Import a package's modules only when one of their names is used.

Every process of the service imports all configuration classes, which are in the same packages as
the code that they configure. Without lazy imports each process would load boto3, OpenCV and the
patterns of every detector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module


def at_first_use(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """A `__getattr__` function for the package's module (PEP 562).

    `homes`: name to the submodule that defines it. Other names raise `AttributeError`.
    """

    def look_up(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found: object = getattr(import_module(f"{package}.{homes[name]}"), name)
        return found

    return look_up
