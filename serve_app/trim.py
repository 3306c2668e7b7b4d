"""Shortens values that a client sent, for use in an answer."""

from __future__ import annotations

import json
import math

from engines.errors import JsonValue

MAX_CHARS = 100
_MAX_INT_BITS = 128


def trimmed(value: object) -> JsonValue:
    """The value if it is small and plain JSON, otherwise a short description of it.

    Never raises, also for infinite numbers, deeply nested values, half a surrogate pair, or values
    that are not JSON.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        too_long = value.bit_length() > _MAX_INT_BITS
        return f"an integer of {value.bit_length()} bits" if too_long else value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return _trimmed_text(value)
    if isinstance(value, list | tuple):
        return _trimmed_container(list(value), f"a list of {len(value)} items")
    if isinstance(value, dict):
        return _trimmed_container(value, f"an object of {len(value)} fields")
    return f"a {type(value).__name__}"


def _trimmed_text(text: str) -> str:
    if len(text) > MAX_CHARS:
        text = f"{text[:MAX_CHARS]}... ({len(text)} characters)"
    return text.encode("utf-8", "replace").decode("utf-8")


def _trimmed_container(value: list[JsonValue] | dict[str, JsonValue], what: str) -> JsonValue:
    if len(value) > MAX_CHARS:
        return what
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode("utf-8")
    except (ValueError, TypeError, RecursionError):
        return what
    return value if len(text) <= MAX_CHARS else what
