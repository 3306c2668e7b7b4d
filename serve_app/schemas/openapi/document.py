"""Completes the OpenAPI document: a description for every field, examples for requests and
answers."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI

from serve_app.schemas.openapi.glossary import OWN, PARAMETERS, WORDS
from serve_app.schemas.openapi.more_examples import EXAMPLES

_BY_USE = re.compile(r"-(Input|Output)$")
"""Pydantic adds this to the name of a model whose schemas for reading and writing differ."""


class DocumentedApi(FastAPI):
    """A FastAPI application that adds the glossary and the examples to its OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document. It is built at the first call."""
        if self.openapi_schema is None:
            fill_up(super().openapi())
        return super().openapi()


def fill_up(document: dict[str, Any]) -> None:
    """Add to the document, in place, what FastAPI leaves out.

    These are the descriptions of fields and parameters that have none of their own, the examples,
    and `additionalProperties: false` for objects whose keys must match a pattern.
    """
    _close(document["components"]["schemas"])
    for full_name, schema in document["components"]["schemas"].items():
        name = _BY_USE.sub("", full_name)
        if name in EXAMPLES:
            schema["examples"] = [EXAMPLES[name]]
        for field, about in schema.get("properties", {}).items():
            words = OWN.get(f"{name}.{field}") or WORDS.get(field)
            if "description" not in about and words is not None:
                about["description"] = words
    for item in document["paths"].values():
        for call in item.values():
            for parameter in call.get("parameters", ()):
                if not parameter.get("description") and parameter["name"] in PARAMETERS:
                    parameter["description"] = PARAMETERS[parameter["name"]]


def _close(node: object) -> None:
    """State that a key that matches no pattern is refused. Pydantic does not write this."""
    if isinstance(node, dict):
        if "patternProperties" in node:
            node.setdefault("additionalProperties", False)
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            _close(inner)
