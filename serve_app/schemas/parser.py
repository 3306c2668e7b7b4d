"""Bytes or text to a request model: the one way in, for REST bodies and WebSocket messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from engines.errors import InvalidParameters
from serve_app.schemas.faults import faults_of
from serve_app.schemas.rules import rules_of

M = TypeVar("M", bound=BaseModel)


def parse_json(content: bytes | str) -> object:
    """The JSON value; `InvalidParameters` about `body` if it is none, or is nested too deep.

    NaN and Infinity pass here, so that the model can name the field that holds them.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        # `from None`: the decoder's message quotes the content.
        raise InvalidParameters.of("body", None, "JSON", "must be valid JSON") from None


class BodyParser(Generic[M]):
    """Validates against a model; every refusal is `InvalidParameters` with all faults."""

    def __init__(
        self, model: type[M], complete: Callable[[object], object] = lambda value: value
    ) -> None:
        """`complete` may fill in what was left out, before anything is judged."""
        self.model = model
        self._complete = complete
        self._rules = rules_of(model)

    def parse(self, content: bytes | str) -> M:
        return self.validate(parse_json(content))

    def validate(self, value: object) -> M:
        try:
            return self.model.model_validate(self._complete(value))
        except ValidationError as error:
            faults = faults_of(error.errors(include_url=False), self._rules)
        raise InvalidParameters(*faults)
