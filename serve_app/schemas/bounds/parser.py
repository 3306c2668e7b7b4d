"""Text to a model, for what does not come through FastAPI: the messages of the WebSocket."""

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
    """The refusal of an object that has a key twice: the last value would win silently."""
    reason = "is given twice in one object"
    return InvalidParameters.of(str(trimmed(error.key)), None, "each key once", reason)


def parse_json(text: str | bytes) -> object:
    """The JSON value; `InvalidParameters` about `body` if it is none, or is nested too deep, and
    about a key that one object has twice.

    NaN and Infinity pass here, so that the model can name the field that holds them.
    """
    try:
        return read_json(text)
    except DuplicateKey as error:
        raise repeated(error) from None
    except (ValueError, RecursionError):
        # `from None`: the decoder's message quotes the content.
        raise InvalidParameters.of("body", None, *NOT_JSON) from None


def validated(model: type[M], value: object) -> M:
    """The value as a model; `InvalidParameters` with all faults, as FastAPI's bodies give them."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False), rules_of(model))
    raise InvalidParameters(*faults)
