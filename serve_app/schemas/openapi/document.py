"""The OpenAPI document as generators and readers want it: every field is described, and requests
and answers have examples."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI

from serve_app.schemas.openapi.glossary import OWN, PARAMETERS, WORDS
from serve_app.schemas.openapi.more_examples import EXAMPLES

_BY_USE = re.compile(r"-(Input|Output)$")
"""What pydantic adds to a shape that is read otherwise than it is written."""


class DocumentedApi(FastAPI):
    """FastAPI, whose document is filled up from the glossary and the examples."""

    def openapi(self) -> dict[str, Any]:
        """The document; made once."""
        if self.openapi_schema is None:
            fill_up(super().openapi())
        return super().openapi()


def fill_up(document: dict[str, Any]) -> None:
    """Describe what has no description of its own, show examples, and say that objects whose names
    follow a pattern have no others; changes the document."""
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
    """What pydantic leaves unsaid: a name that does not match the pattern is refused."""
    if isinstance(node, dict):
        if "patternProperties" in node:
            node.setdefault("additionalProperties", False)
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            _close(inner)
