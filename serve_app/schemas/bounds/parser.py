"""Text to a model, for what does not come through FastAPI: the messages of the WebSocket."""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from engines.errors import InvalidParameters
from serve_app.schemas.bounds.faults import NOT_JSON, faults_of
from serve_app.schemas.bounds.rules import rules_of

M = TypeVar("M", bound=BaseModel)


def parse_json(text: str) -> object:
    """The JSON value; `InvalidParameters` about `body` if it is none, or is nested too deep.

    NaN and Infinity pass here, so that the model can name the field that holds them.
    """
    try:
        return json.loads(text)
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
