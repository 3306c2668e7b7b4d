"""Rules for labels and free metadata of images, the same for all endpoints and jobs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

import orjson
from pydantic import AfterValidator, BaseModel, Field, JsonValue, StringConstraints, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

MAX_LABELS = 16
MAX_LABEL_CHARS = 100
MAX_METADATA_KEYS = 32
MAX_METADATA_KEY_CHARS = 64
MAX_METADATA_BYTES = 4096
MAX_CLASSES = 1000
"""A label with at most this many different values has numbered classes; one with more is text."""

LABEL_NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
HIDDEN = r"\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
"""Characters that names may not contain, as part of a regular expression: control characters, and
invisible characters with which different names can look alike (Unicode TR36, bidirectional
text)."""
_JOINERS = r"\u200c\u200d"
"""Invisible characters that Persian, Indian scripts and emoji need. They are allowed after a
character that is not ASCII."""
_JOINED = rf"[^\x00-\x7f{HIDDEN}{_JOINERS}]"
_ANY = rf"(?:[^{HIDDEN}{_JOINERS}]|{_JOINED}[{_JOINERS}])"
LABEL_VALUE_PATTERN = (
    rf"^{_ANY}*(?:[^{HIDDEN}{_JOINERS}\s]|[^\x00-\x7f{HIDDEN}{_JOINERS}\s][{_JOINERS}]){_ANY}*$"
)

BROKEN_RULE = "broken_rule"
"""Type of a pydantic error whose message is the whole constraint ("must be ...")."""

_EXACT = 2**53
"""Integers from here on are not exact in JavaScript and in doubles."""
_NESTED = 16
"""Deepest nesting of lists and objects."""

LabelName = Annotated[str, StringConstraints(pattern=LABEL_NAME_PATTERN)]
LabelValue = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_LABEL_CHARS, pattern=LABEL_VALUE_PATTERN)
]


def broken_rule(rule: str) -> PydanticCustomError:
    """A pydantic error with the message `rule`, such as "must be valid Unicode text"."""
    return PydanticCustomError(BROKEN_RULE, "{rule}", {"rule": rule})


def broken_rule_of(model: BaseModel, field: str, value: object, rule: str) -> ValidationError:
    """As `broken_rule`, for a validator of the whole `model`: the error is located at `field`,
    whose part `value` breaks the rule."""
    told = InitErrorDetails(type=broken_rule(rule), loc=(field,), input=value)
    return ValidationError.from_exception_data(type(model).__name__, [told])


def _check_metadata(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    _check_numbers(metadata)
    try:
        size_bytes = len(orjson.dumps(metadata))
    except TypeError:
        raise broken_rule("must be valid Unicode text") from None
    if size_bytes > MAX_METADATA_BYTES:
        raise broken_rule(f"must be at most {MAX_METADATA_BYTES} bytes as JSON")
    return metadata


def _check_numbers(value: JsonValue, depth: int = 0) -> None:
    if depth > _NESTED:
        raise broken_rule(f"must not nest more than {_NESTED} levels")
    if isinstance(value, float) and not math.isfinite(value):
        raise broken_rule("must hold finite numbers only")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _EXACT:
        raise broken_rule("must hold whole numbers below 2^53 only")
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for each in inner:  # type: ignore[union-attr]
            _check_numbers(each, depth + 1)


def _check_unicode(labels: dict[str, str]) -> dict[str, str]:
    try:
        orjson.dumps(labels)
    except TypeError:
        raise broken_rule("must be valid Unicode text") from None
    return labels


Labels = Annotated[
    dict[LabelName, LabelValue], Field(max_length=MAX_LABELS), AfterValidator(_check_unicode)
]
"""Training labels of an image: label to value, such as {"animal": "fox"}."""

Metadata = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=MAX_METADATA_KEY_CHARS)], JsonValue],
    Field(max_length=MAX_METADATA_KEYS),
    AfterValidator(_check_metadata),
]
"""Any JSON that a client wants to store with an image; returned unchanged."""

Classes = Mapping[str, tuple[str, ...]]
"""Label to its values in order: value i is class i. Empty for a label that is text."""
