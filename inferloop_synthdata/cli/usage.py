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


def load_optional(
    module: str, purpose: str, package: str, load: LoadModule = importlib.import_module
) -> Any:
    """Import an optional library. If it is missing, raise `UsageProblem`, which says how to install
    it."""
    try:
        return load(module)
    except ImportError:
        raise UsageProblem(f"{purpose} needs {package}: pip install '{package}'") from None
