"""Trouble that is the caller's to mend before anything can be done: exit code 2."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

LoadModule = Callable[[str], Any]
"""`importlib.import_module`, or a test's stand-in; libraries come without types."""


class UsageProblem(Exception):
    """An argument, a file or an optional library is missing or wrong; the message says which."""


def load_optional(
    module: str, purpose: str, package: str, load: LoadModule = importlib.import_module
) -> Any:
    """An optional library; `UsageProblem` says how to install it where it is absent."""
    try:
        return load(module)
    except ImportError:
        raise UsageProblem(f"{purpose} needs {package}: pip install '{package}'") from None
