"""The base class of answers: a dict whose keys are attributes too."""

from __future__ import annotations

import types
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class Answer(dict[str, Any]):
    """A JSON object of the service: `answer["image_path"]` and `answer.image_path` are the same.

    It is a dict, so it can be dumped as JSON, compared and copied. It keeps keys that only a newer
    server sends. If the server left out a field of the class, the attribute is None, and
    `answer["..."]` raises `KeyError`. A name that is neither a field nor a key raises
    `AttributeError`.
    """

    request_id: str | None = None
    """The answer's `X-Request-Id` header, to find the call in the service's log. None for an object
    inside an answer."""

    if not TYPE_CHECKING:  # Otherwise a type checker would accept every misspelled attribute.

        def __getattr__(self, name: str) -> Any:
            if name in self:
                return self[name]
            if name in _fields(type(self)):
                return None
            raise AttributeError(f"{type(self).__name__} has no {name!r}: it has {', '.join(self)}")

        def __dir__(self) -> list[str]:
            return sorted({*super().__dir__(), *self})


@cache
def _fields(shape: type[Answer]) -> Mapping[str, Any]:
    """Name of each field to its type, without the fields of `Answer` itself."""
    return {name: hint for name, hint in get_type_hints(shape).items() if name != "request_id"}


def shaped(hint: Any, value: Any) -> Any:
    """`value` with the type `hint`: JSON objects become the `Answer` classes that `hint` names, at
    every level. A part that does not fit stays as it is, so that this client can read the answer
    of a newer server."""
    if isinstance(hint, type) and issubclass(hint, Answer) and isinstance(value, dict):
        fields = _fields(hint)
        return hint({name: shaped(fields.get(name), item) for name, item in value.items()})
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        shapes = [each for each in inner if each is not type(None)]
        return shaped(shapes[0], value) if len(shapes) == 1 else value
    if origin is list and isinstance(value, list):
        return [shaped(inner[0], item) for item in value]
    if origin is dict and isinstance(value, dict):
        return {name: shaped(inner[1], item) for name, item in value.items()}
    return value
