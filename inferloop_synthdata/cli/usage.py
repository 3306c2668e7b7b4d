"""Errors in the use of a command. The exit code is 2."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

LoadModule = Callable[[str], Any]
"""`importlib.import_module`, or a fake in tests."""


class UsageProblem(Exception):
    """An argument, a file or an optional library is missing or not usable. The message says
    which."""


def needs_extra(name: str) -> str:
    """How to install an extra of this package. It is in no package registry: a package of its name
    there would be somebody else's."""
    return f"needs the extra {name}: pip install '.[{name}]' in a copy of the service's repository"


def load_optional(
    module: str, purpose: str, needs: str, load: LoadModule = importlib.import_module
) -> Any:
    """Import an optional library. If it is missing, raise `UsageProblem`, which says that `purpose`
    `needs` it: "needs the extra cli: pip install ..."."""
    try:
        return load(module)
    except ImportError:
        raise UsageProblem(f"{purpose} {needs}") from None
