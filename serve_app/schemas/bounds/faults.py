"""Convert pydantic's errors to faults of the API: parameter, value, constraint, reason."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from engines.errors import Fault
from engines.types.datasets.labels import BROKEN_RULE
from serve_app.schemas.bounds.rules import NO_RULE, FieldRule, Rules, rule_at
from serve_app.schemas.patterns import PATTERN_WORDS
from serve_app.trim import trimmed

MAX_FAULTS = 100
"""Most faults in an answer, so that a body with thousands of unknown fields gets a short answer."""


class ErrorDetails(Protocol):
    """The fields of `pydantic_core.ErrorDetails` that are used here."""

    def __getitem__(self, name: str, /) -> Any: ...
    def get(self, name: str, /) -> Any: ...


Words = tuple[str, str]
"""Reason and constraint."""

_JSON_NUMBER, _JSON_LIST, _JSON_OBJECT = "float", "list", "dict"
"""Names of kinds of values, which pydantic adds to the location of an error in free-form JSON."""

NOT_JSON = ("JSON", "must be valid JSON")
"""Constraint and reason for a body that is not JSON."""

_TYPES: Mapping[str, Words] = {
    "missing": ("is required", "required"),
    "finite_number": ("must be a finite number", "finite"),
    "bool_type": ("must be true or false", "boolean"),
    "string_unicode": ("must be valid Unicode text", "string"),
    "timezone_aware": ("must name its time zone", "date and time with a time zone"),
} | {
    kind: words
    for kinds, words in (
        (("int_type", "int_from_float", "int_parsing"), ("must be an integer", "integer")),
        (("int_parsing_size",), ("must be a smaller integer", "integer")),
        (("float_type", "float_parsing"), ("must be a number", "number")),
        (("string_type",), ("must be a string", "string")),
        (("list_type", "tuple_type", "set_type", "frozen_set_type"), ("must be a list", "list")),
        (("model_type", "model_attributes_type", "dict_type"), ("must be an object", "object")),
        (
            ("datetime_type", "datetime_parsing", "datetime_from_date_parsing"),
            ("must be a date and time", "ISO 8601 date and time"),
        ),
    )
    for kind in kinds
}


def faults_of(errors: Iterable[Any], rules: Rules, strip: int = 0) -> list[Fault]:
    """The faults of a validation, in pydantic's order. `strip`: number of leading parts of each
    location to drop, because FastAPI begins locations with "body", "query" or "path"."""
    return [
        _fault_of(error, tuple(error["loc"])[strip:], rules) for error in list(errors)[:MAX_FAULTS]
    ]


def _fault_of(error: ErrorDetails, location: Sequence[str | int], rules: Rules) -> Fault:
    if error["type"] == "json_invalid":  # its location is a position in the text
        return Fault("body", None, *NOT_JSON)
    if error["type"] == "finite_number" and location[-1:] == (_JSON_NUMBER,):
        location = _in_free_json(location[:-1])
    parameter = _name(location) or "body"
    reason, constraint = _words(error, parameter, rule_at(location, rules), rules)
    value = None if error["type"] == "missing" else trimmed(error.get("input"))
    return Fault(str(trimmed(parameter)), value, constraint, reason)


def _in_free_json(location: Sequence[str | int]) -> Sequence[str | int]:
    """The location without the names of kinds of value."""
    left, found = list(location), list[str | int]()
    while left:
        found.append(left.pop())
        kind = _JSON_LIST if isinstance(found[-1], int) else _JSON_OBJECT
        if left[-1:] == [kind]:
            left.pop()
    return found[::-1]


def _name(location: Sequence[str | int]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _words(error: ErrorDetails, parameter: str, rule: FieldRule, rules: Rules) -> Words:
    kind = str(error["type"])
    if kind == "multiple_of" and _is_outside(error.get("input"), rule):
        return _range(parameter, rule, {})  # A rounded value would still be outside.
    if kind in _TYPES:
        return _TYPES[kind]
    if kind in _RULES:
        return _RULES[kind](parameter, rule, error.get("ctx") or {})
    if kind == "extra_forbidden":
        known = rules.get(parameter.rpartition(".")[0], NO_RULE).fields
        listed = f"one of {', '.join(known)}" if known else "no unknown parameters"
        return "is not a known parameter", listed
    message = str(error["msg"]).removeprefix("Value error, ")
    if kind == BROKEN_RULE or message.startswith("must "):
        return message, message.removeprefix("must be ")
    return f"is not valid: {message[:1].lower()}{message[1:]}", message


def _is_outside(value: object, rule: FieldRule) -> bool:
    """Whether it is a number beyond a bound."""
    low, high = rule.minimum, rule.maximum
    return isinstance(value, int | float) and (
        (low is not None and value < low) or (high is not None and value > high)
    )


def _range(parameter: str, rule: FieldRule, ctx: Mapping[str, Any]) -> Words:
    low, high, above, below = rule.minimum, rule.maximum, rule.above, rule.below
    if low is None and high is None and above is None and below is None:
        low, high, above, below = (ctx.get(each) for each in ("ge", "le", "gt", "lt"))
    if above is None and below is None:
        return _between(parameter, low, high, "")
    least = ("at least", "<=", low) if above is None else ("more than", "<", above)
    most = ("at most", "<=", high) if below is None else ("less than", "<", below)
    words = [f"{word} {_plain(end)}" for word, _, end in (least, most) if end is not None]
    left = "" if least[2] is None else f"{_plain(least[2])} {least[1]} "
    right = "" if most[2] is None else f" {most[1]} {_plain(most[2])}"
    if not right:
        left, right = "", f" {least[1].replace('<', '>')} {_plain(least[2])}"
    return f"must be {' and '.join(words)}", f"{left}{parameter}{right}"


def _between(parameter: str, low: float | None, high: float | None, unit: str) -> Words:
    """Reason and constraint for a range. `unit`: in singular, such as "item"."""
    least, most = _plain(low), _plain(high)
    if low is None:
        return f"must be at most {most}{_long(high, unit)}", f"{parameter} <= {most}"
    if high is None:
        return f"must be at least {least}{_long(low, unit)}", f"{parameter} >= {least}"
    if low == high:
        return f"must be exactly {most}{_long(high, unit)}", f"{parameter} == {most}"
    return (
        f"must be between {least} and {most}{_long(high, unit)}",
        f"{least} <= {parameter} <= {most}",
    )


def _long(count: float | None, unit: str) -> str:
    """The words behind a number: " item long" for 1, " items long" for others, or "" without a
    unit."""
    return f" {unit}{'' if count == 1 else 's'} long" if unit else ""


def _length(parameter: str, rule: FieldRule, ctx: Mapping[str, Any]) -> Words:
    low, high = rule.min_length or ctx.get("min_length"), rule.max_length or ctx.get("max_length")
    return _between(f"len({parameter})", low, high, "character")


def _items(parameter: str, rule: FieldRule, ctx: Mapping[str, Any]) -> Words:
    low, high = rule.min_items or ctx.get("min_length"), rule.max_items or ctx.get("max_length")
    reason, constraint = _between(f"len({parameter})", low, high, "item")
    length = ctx.get("actual_length")  # None if pydantic stopped counting at the limit
    is_too_long = length is None or length > (high or math.inf)
    advice = f". {rule.when_too_many}" if rule.when_too_many and is_too_long else ""
    return reason + advice, constraint


def _multiple(parameter: str, rule: FieldRule, ctx: Mapping[str, Any]) -> Words:
    step = _plain(rule.multiple_of or ctx.get("multiple_of"))
    return f"must be a multiple of {step}", f"{parameter} % {step} == 0"


def _pattern(parameter: str, rule: FieldRule, ctx: Mapping[str, Any]) -> Words:
    pattern = str(rule.pattern or ctx.get("pattern"))
    return PATTERN_WORDS.get(pattern, (f"must match {pattern}", pattern))


def _choice(parameter: str, rule: FieldRule, ctx: Mapping[str, Any]) -> Words:
    expected = str(ctx.get("expected"))
    return f"must be {expected}", expected


def _plain(number: float | None) -> str:
    """The number as text: 30.0 as "30", and 2^53-1 with all digits."""
    return str(int(number)) if number is not None and number == int(number) else str(number)


_RULES: Mapping[str, Callable[[str, FieldRule, Mapping[str, Any]], Words]] = {
    "greater_than_equal": _range,
    "less_than_equal": _range,
    "greater_than": _range,
    "less_than": _range,
    "multiple_of": _multiple,
    "string_too_short": _length,
    "string_too_long": _length,
    "too_short": _items,
    "too_long": _items,
    "string_pattern_mismatch": _pattern,
    "literal_error": _choice,
}
