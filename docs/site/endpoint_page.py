"""Every endpoint of the API, from the OpenAPI document of the default configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docs.site.markdown import cell, code, table

DOCUMENT = Path(__file__).resolve().parents[2] / "tests" / "contract" / "openapi.json"
"""Compared with the application's own by a test."""
_INTRODUCTION = """\
# Endpoints

Made from the OpenAPI document of the default configuration; a running service shows its own at
`/openapi.json`, with a form to try each call at `/docs`. What the document cannot say is in [The
API](../api.md). Every call takes the key in `X-API-Key`, and every refusal has the same envelope
and the codes of [Errors](../api.md#errors).

"""


def page() -> str:
    """The page, in Markdown."""
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return _INTRODUCTION + "".join(_endpoints(document)) + "".join(_schemas(document))


def _endpoints(document: Mapping[str, Any]) -> Iterator[str]:
    yield "## Calls\n\n"
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            yield f"### `{method.upper()} {path}`\n\n{call.get('description', call['summary'])}\n\n"
            yield from _parameters(call)
            yield from _bodies(call)


def _parameters(call: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        (code(each["name"]), each["in"], cell(each.get("description", "")))
        for each in call.get("parameters", ())
    ]
    if rows:
        yield table(("parameter", "in", "meaning"), rows) + "\n"


def _bodies(call: Mapping[str, Any]) -> Iterator[str]:
    for kind, content in call.get("requestBody", {}).get("content", {}).items():
        yield f"Body: {kind}, {_kind(content.get('schema', {}))}.\n\n"
        if "example" in content:
            yield _example(content["example"])
    answer = call["responses"].get("200", {}).get("content", {})
    for kind, content in answer.items():
        yield f"Answer 200: {kind}, {_kind(content.get('schema', {}))}.\n\n"
        if "example" in content:
            yield _example(content["example"])


def _example(value: object) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```\n\n"


def _schemas(document: Mapping[str, Any]) -> Iterator[str]:
    yield "## Shapes\n\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f"### {name}\n\n"
        if "description" in schema:
            yield f"{schema['description']}\n\n"
        required = set(schema.get("required", ()))
        rows = [
            (
                code(field) + (" *" if field in required else ""),
                _kind(each),
                cell(_bounds(each)),
                cell(each.get("description", "")),
            )
            for field, each in schema.get("properties", {}).items()
        ]
        for shown in schema.get("examples", ()):
            yield _example(shown)
        if rows:
            yield table(("field (* required)", "type", "bounds", "meaning"), rows) + "\n"


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    several = schema.get("anyOf") or schema.get("oneOf")
    if several:
        return " or ".join(dict.fromkeys(_kind(each) for each in several))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "enum" in schema or "const" in schema:
        return " or ".join(code(json.dumps(v)) for v in schema.get("enum", [schema.get("const")]))
    return str(schema.get("type", "any value"))


def _bounds(schema: Mapping[str, Any]) -> str:
    parts = [schema, *schema.get("anyOf", ())]
    words = {
        "minimum": "from {}",
        "exclusiveMinimum": "above {}",
        "maximum": "to {}",
        "multipleOf": "a multiple of {}",
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "minItems": "at least {} items",
        "maxItems": "at most {} items",
        "default": "default {}",
    }
    return ", ".join(
        told.format(json.dumps(part[name]))
        for part in parts
        for name, told in words.items()
        if part.get(name) is not None
    )
