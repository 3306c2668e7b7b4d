"""Parse and validate JSON outside of FastAPI, such as the messages of the WebSocket."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from engines.errors import InvalidParameters
from engines.types.unique_keys import DuplicateKey, read_json
from serve_app.schemas.bounds.faults import NOT_JSON, faults_of
from serve_app.schemas.bounds.rules import rules_of
from serve_app.trim import trimmed

M = TypeVar("M", bound=BaseModel)


def repeated(error: DuplicateKey) -> InvalidParameters:
    """The error for an object that has a key twice, of which JSON parsers ignore the first
    value."""
    reason = "is given twice in one object"
    return InvalidParameters.of(str(trimmed(error.key)), None, "each key once", reason)


def parse_json(text: str | bytes) -> object:
    """Parse JSON. Accepts NaN and Infinity, so that the model can refuse them with the field's
    name.

    Raises `InvalidParameters` if the text is not JSON, is nested too deeply, or has a key twice in
    an object.
    """
    try:
        return read_json(text)
    except DuplicateKey as error:
        raise repeated(error) from None
    except (ValueError, RecursionError):
        # `from None`, because the decoder's message quotes the content.
        raise InvalidParameters.of("body", None, *NOT_JSON) from None


def validated(model: type[M], value: object) -> M:
    """Validate the value as a model. Raises `InvalidParameters` with all faults."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False), rules_of(model))
    raise InvalidParameters(*faults)
