"""Names of metrics: what some of them were called before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Value = TypeVar("Value")
FORMER: Mapping[str, str] = {"colourfulness": "colorfulness"}
"""Former name to present name. Records, profiles and requests may still have the former one."""


def present_name(name: str) -> str:
    """What the metric is called now."""
    return FORMER.get(name, name)


def with_present_names(values: Mapping[str, Value]) -> dict[str, Value]:
    """The same values under the names of now."""
    return {present_name(name): value for name, value in values.items()}
