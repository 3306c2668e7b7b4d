"""OpenAPI as the contract has it: our bodies with the config's bounds, our errors, the key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serve_app.bodies import Bodies
from serve_app.middleware.key import HEADER, PUBLIC_PATHS
from serve_app.rate_limits import bucket_of
from serve_app.schemas.base import ErrorEnvelope

Document = dict[str, Any]

API_PREFIX = "/api/v1"
_REF = "#/components/schemas/{model}"
_METHODS = ("get", "post", "delete", "put", "patch")
_UPLOAD_BODY: Document = {
    "required": True,
    "content": {
        "image/*": {"schema": {"type": "string", "format": "binary"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            }
        },
    },
}


def openapi_document(app: FastAPI, bodies: Bodies) -> Document:
    """The whole document; built once per application."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    _add_bodies(document, bodies)
    for path, method, operation in _operations(document):
        _set_errors(operation, path, method)
    schemas = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"]["securitySchemes"] = {
        "ApiKey": {"type": "apiKey", "in": "header", "name": HEADER}
    }
    return document


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _add_bodies(document: Document, bodies: Bodies) -> None:
    models: dict[str, type[BaseModel]] = dict(bodies.models())
    unique: list[type[BaseModel]] = list(dict.fromkeys([*models.values(), ErrorEnvelope]))
    names, definitions = models_json_schema(
        [(model, "validation") for model in unique], ref_template=_REF
    )
    document.setdefault("components", {}).setdefault("schemas", {}).update(
        definitions.get("$defs", {})
    )
    for path, model in models.items():
        document["paths"][API_PREFIX + path]["post"]["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": names[model, "validation"]}},
        }
    document["paths"][f"{API_PREFIX}/images"]["post"]["requestBody"] = _UPLOAD_BODY


def _set_errors(operation: Document, path: str, method: str) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    if path in PUBLIC_PATHS:
        return
    operation["security"] = [{"ApiKey": []}]
    statuses = ["400", "401", "403", "404", "409", "413", "500", "503", "504"]
    if bucket_of(method.upper(), path.replace("{profile_name}", "x")) is not None:
        statuses.append("429")
    for status in sorted(statuses):
        responses[status] = {
            "description": "Error",
            "content": {
                "application/json": {"schema": {"$ref": _REF.format(model="ErrorEnvelope")}}
            },
        }
