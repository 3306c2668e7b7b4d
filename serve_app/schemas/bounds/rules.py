"""The rules of a request model, read from the JSON schema that OpenAPI shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, JsonValue

Schema = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class FieldRule:
    """The constraints of a value; None: no such constraint."""

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    """Exclusive minimum."""
    below: float | None = None
    """Exclusive maximum."""
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    pattern: str | None = None
    when_too_many: str | None = None
    """Advice for clients with more than `max_items` items."""
    fields: tuple[str, ...] = ()
    """Names of an object's fields."""


NO_RULE = FieldRule()
WHEN_TOO_MANY = "x-when-too-many"
"""Keyword in the JSON schema of a list: advice for clients with too many items."""
ANY_NAME = "*"
"""Stands for names that the client chooses: "splits.*"."""
Rules = Mapping[str, FieldRule]
"""Parameter, without indices, to its rule: "width", "prompts[]", "filter.since"; "" is the body."""


def rule_at(location: Sequence[str | int], rules: Rules) -> FieldRule:
    """The rule of the value at a location of pydantic, whose names the client may have chosen at
    any level: ("splits", "train"), ("attributes", "animal", 0, "values", "fox")."""
    parameter = ""
    for part in location:
        if isinstance(part, int):
            parameter += "[]"
            continue
        named, chosen = f"{parameter}.{part}".lstrip("."), f"{parameter}.{ANY_NAME}".lstrip(".")
        parameter = chosen if named not in rules and chosen in rules else named
    return rules.get(parameter, NO_RULE)


@cache
def rules_of(model: type[BaseModel]) -> dict[str, FieldRule]:
    """The rules of all fields of a model, including nested models and list items."""
    schema: Schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    return dict(_walk("", schema, definitions if isinstance(definitions, dict) else {}))


def _walk(parameter: str, schema: Schema, definitions: Schema) -> Iterator[tuple[str, FieldRule]]:
    schema = _resolved(schema, definitions)
    properties = schema.get("properties")
    fields = properties if isinstance(properties, dict) else {}
    yield parameter, _rule(schema, tuple(fields))
    for name, child in fields.items():
        if isinstance(child, dict):
            yield from _walk(f"{parameter}.{name}".lstrip("."), child, definitions)
    for values in _values(schema):
        yield from _walk(f"{parameter}.{ANY_NAME}".lstrip("."), values, definitions)
    items = schema.get("items")
    if isinstance(items, dict):
        yield from _walk(f"{parameter}[]", items, definitions)


def _values(schema: Schema) -> Iterator[Schema]:
    """The schema of the values of an object whose keys the client chooses."""
    by_pattern = schema.get("patternProperties")
    patterns = by_pattern.values() if isinstance(by_pattern, dict) else ()
    for values in (schema.get("additionalProperties"), *patterns):
        if isinstance(values, dict):
            yield values


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    """The schema that a reference or an "anyOf" with null stands for."""
    variants = schema.get("anyOf")
    if isinstance(variants, list):
        for variant in variants:
            if isinstance(variant, dict) and variant.get("type") != "null":
                return _resolved(variant, definitions)
    reference = schema.get("$ref")
    if isinstance(reference, str):
        target = definitions.get(reference.rpartition("/")[2])
        if isinstance(target, dict):
            return target
    return schema


def _rule(schema: Schema, fields: tuple[str, ...]) -> FieldRule:
    return FieldRule(
        minimum=_number(schema, "minimum"),
        maximum=_number(schema, "maximum"),
        above=_number(schema, "exclusiveMinimum"),
        below=_number(schema, "exclusiveMaximum"),
        multiple_of=_number(schema, "multipleOf"),
        min_length=_integer(schema, "minLength"),
        max_length=_integer(schema, "maxLength"),
        min_items=_integer(schema, "minItems"),
        max_items=_integer(schema, "maxItems"),
        pattern=_text(schema, "pattern"),
        when_too_many=_text(schema, WHEN_TOO_MANY),
        fields=fields,
    )


def _number(schema: Schema, keyword: str) -> float | None:
    value = schema.get(keyword)
    return value if isinstance(value, int | float) else None


def _integer(schema: Schema, keyword: str) -> int | None:
    value = schema.get(keyword)
    return value if isinstance(value, int) else None


def _text(schema: Schema, keyword: str) -> str | None:
    value = schema.get(keyword)
    return value if isinstance(value, str) else None
