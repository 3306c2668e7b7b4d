"""A custom resource's OpenAPI schema as a closed JSON Schema, as the API server applies it."""

from __future__ import annotations

from typing import Any

Node = Any
"""Parsed JSON of any form."""

_QUANTITY_OR_NUMBER = {"anyOf": [{"type": "integer"}, {"type": "string"}]}


def close(schema: Node) -> Node:
    """The schema with these changes: unknown fields are refused (the server would drop them without
    an error), int-or-string allows both types, nullable allows null."""
    if not isinstance(schema, dict):
        return schema
    node = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes")}
    preserved = schema.get("x-kubernetes-preserve-unknown-fields", False)
    if schema.get("x-kubernetes-int-or-string"):
        return _QUANTITY_OR_NUMBER
    if "properties" in node:
        node["properties"] = {name: close(child) for name, child in node["properties"].items()}
        if not preserved and "additionalProperties" not in node:
            node["additionalProperties"] = False
    if isinstance(node.get("additionalProperties"), dict):
        node["additionalProperties"] = close(node["additionalProperties"])
    if "items" in node:
        node["items"] = close(node["items"])
    if node.pop("nullable", False) and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
    return node


def with_defaults(schema: Node, value: Node) -> Node:
    """`value` with the schema's defaults for missing fields, which the server adds first."""
    if isinstance(value, list):
        return [with_defaults(schema.get("items", {}), item) for item in value]
    if not isinstance(value, dict):
        return value
    properties = schema.get("properties", {})
    filled = {name: child["default"] for name, child in properties.items() if "default" in child}
    return {
        name: with_defaults(properties.get(name, {}), item)
        for name, item in {**filled, **value}.items()
    }
