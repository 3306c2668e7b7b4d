"""Prompt templates: names in braces, and parts in brackets that go where a name has no value.

`a {animal} in a {place}[, {weather} weather]` is "a fox in a room" where there is no weather.
Doubled braces and brackets stand for themselves. A template holds nothing else: no expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\{\{|\}\}|\[\[|\]\]|\{(?P<name>[A-Za-z][A-Za-z0-9_]{0,63})\}|(?P<mark>[][{}])"
    r"|(?P<text>[^][{}]+)"
)


class TemplateFault(ValueError):
    """Says what is wrong with a template."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Text, or with `is_name` the value of a name."""

    text: str
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template: parts in order; those of one group are shown together or not at all."""

    groups: tuple[tuple[bool, tuple[_Part, ...]], ...]
    """Whether the group is optional, and its parts."""

    @classmethod
    def parse(cls, text: str) -> Template:
        """Raises `TemplateFault`."""
        groups: list[tuple[bool, tuple[_Part, ...]]] = []
        parts: list[_Part] = []
        optional = False
        for kind, value in _tokens(text):
            if kind == "mark" and value in "{}":
                raise TemplateFault("holds a brace that surrounds no name: {name}")
            if kind != "mark":
                parts.append(_Part(value, kind == "name"))
                continue
            if (value == "[") == optional:
                raise TemplateFault("holds a bracket without its other half, or one in another")
            groups.append((optional, tuple(parts)))
            parts, optional = [], not optional
        if optional:
            raise TemplateFault("holds a bracket without its other half, or one in another")
        groups.append((optional, tuple(parts)))
        return cls(tuple(groups))

    def names(self, *, optional: bool | None = None) -> Iterator[str]:
        """Names in the template; `optional`: only those within brackets, or outside."""
        for in_brackets, parts in self.groups:
            if optional is None or optional == in_brackets:
                yield from (part.text for part in parts if part.is_name)

    def fill(self, values: Mapping[str, str]) -> str:
        """The text; a part in brackets goes where one of its names has no value."""
        shown = []
        for optional, parts in self.groups:
            if optional and any(part.is_name and part.text not in values for part in parts):
                continue
            shown += [values[part.text] if part.is_name else part.text for part in parts]
        return "".join(shown)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Kind ("name", "mark", "text") and value."""
    for found in _TOKEN.finditer(text):
        if found["name"]:
            yield "name", found["name"]
        elif found["mark"]:
            yield "mark", found["mark"]
        else:
            yield "text", found["text"] or found[0][0]
