"""Former names of metrics, which stored records may contain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Value = TypeVar("Value")
FORMER: Mapping[str, str] = {"colourfulness": "colorfulness"}
"""Former name to present name. Records, profiles and requests may contain former names."""


def present_name(name: str) -> str:
    """The present name of a metric."""
    return FORMER.get(name, name)


def with_present_names(values: Mapping[str, Value]) -> dict[str, Value]:
    """The values with former names replaced by present ones."""
    return {present_name(name): value for name, value in values.items()}
