"""Answers of the service as values: mappings whose keys are attributes too."""

from __future__ import annotations

import types
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class Answer(dict[str, Any]):
    """A JSON object of the service: `answer["image_path"]` and `answer.image_path` are the same.

    It is a dict, and so can be dumped, compared and copied as one; keys of a newer server stay in
    it. A field that an answer may leave out is None as an attribute, and a missing key as an item.
    Where the service gave one, `request_id` finds the call in its log.
    """

    request_id: str | None = None
    """The answer's `X-Request-Id` header; None for an object inside an answer."""

    if not TYPE_CHECKING:  # else every misspelled attribute would pass the type check

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
    """Field to its type, those of `Answer` itself left out."""
    return {name: hint for name, hint in get_type_hints(shape).items() if name != "request_id"}


def shaped(hint: Any, value: Any) -> Any:
    """`value` as `hint` says, with every object that has a shape in it; what fits no shape stays as
    it is: a client of today reads an answer of tomorrow."""
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
