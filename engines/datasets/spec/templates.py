"""Prompt templates: names in braces, and optional parts in brackets.

A name is replaced by its value. A part in brackets is left out if one of its names has no value:
`a {animal} in a {place}[, {weather} weather]` becomes "a fox in a room" without a weather. Doubled
braces and brackets stand for single ones. There are no expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\{\{|\}\}|\[\[|\]\]|\{(?P<name>[A-Za-z][A-Za-z0-9_]{0,63})\}|(?P<mark>[][{}])"
    r"|(?P<text>[^][{}]+)"
)


_BRACKETS = "has a bracket without its partner, or brackets inside brackets"


class TemplateFault(ValueError):
    """A template that is not valid. The message completes "the template ..."."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of text, or a name (`is_name`) that is replaced by its value."""

    text: str
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template. It is a list of groups; an optional group is shown as a whole or not at
    all."""

    groups: tuple[tuple[bool, tuple[_Part, ...]], ...]
    """For each group: whether it is optional, and its parts."""

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read a template. Raises `TemplateFault` if its braces or brackets are not valid."""
        groups: list[tuple[bool, tuple[_Part, ...]]] = []
        parts: list[_Part] = []
        optional = False
        for kind, value in _tokens(text):
            if kind == "mark" and value in "{}":
                raise TemplateFault("has a brace without a name: write {name}")
            if kind != "mark":
                parts.append(_Part(value, kind == "name"))
                continue
            if (value == "[") == optional:
                raise TemplateFault(_BRACKETS)
            groups.append((optional, tuple(parts)))
            parts, optional = [], not optional
        if optional:
            raise TemplateFault(_BRACKETS)
        groups.append((optional, tuple(parts)))
        return cls(tuple(groups))

    def names(self, *, optional: bool | None = None) -> Iterator[str]:
        """Names in the template. `optional` True: only those in brackets; False: only the others;
        None: all."""
        for in_brackets, parts in self.groups:
            if optional is None or optional == in_brackets:
                yield from (part.text for part in parts if part.is_name)

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with the values. A part in brackets is left out if one of its names has no
        value. Raises `KeyError` if a name outside brackets has none."""
        shown = []
        for optional, parts in self.groups:
            if optional and any(part.is_name and part.text not in values for part in parts):
                continue
            shown += [values[part.text] if part.is_name else part.text for part in parts]
        return "".join(shown)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Kind ("name", "mark" or "text") and value of each token."""
    for found in _TOKEN.finditer(text):
        if found["name"]:
            yield "name", found["name"]
        elif found["mark"]:
            yield "mark", found["mark"]
        else:
            yield "text", found["text"] or found[0][0]
