"""JSON and YAML in which no object has a key twice.

The parsers of both keep the last of two values without a word, and whoever wrote the first one
never learns that it is not used. RFC 8259, section 4, calls such names unpredictable; YAML 1.2.2,
section 3.2.1.1, forbids them.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

_MERGE = "tag:yaml.org,2002:merge"
_MOST_CHARS = 100
"""Of a key, in a message."""


class DuplicateKey(ValueError):
    """A key that one object has twice. `str()` of it is "must not have the key 'a' twice ..."."""

    def __init__(self, key: str, lines: tuple[int, int] | None = None) -> None:
        super().__init__(key, lines)
        self.key = key[:_MOST_CHARS]
        self.lines = lines
        """Where it stands, counted from 1; None for JSON, whose parser does not say."""

    def __str__(self) -> str:
        where = "" if self.lines is None else f" (lines {self.lines[0]} and {self.lines[1]})"
        return f"must not have the key {self.key!r} twice in one object{where}"


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text; bytes are UTF-8, UTF-16 or UTF-32. NaN and Infinity are read too.

    Raises `DuplicateKey`, `json.JSONDecodeError` or `UnicodeDecodeError`, which are `ValueError`s,
    or `RecursionError`.
    """
    return json.loads(text, object_pairs_hook=_object)


def read_yaml(text: str) -> Any:
    """The value of a YAML document of plain values. Raises `DuplicateKey`, `yaml.YAMLError`,
    `ValueError` (a date that is none) or `RecursionError`."""
    # A subclass of SafeLoader: it makes nothing but plain values.
    return yaml.load(text, _UniqueKeysLoader)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise DuplicateKey(key)
        found[key] = value
    return found


class _UniqueKeysLoader(yaml.SafeLoader):
    """Looks at the keys as they are written: those that `<<` merges in may be given anew."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            written, line = (key.tag, key.value), key.start_mark.line + 1
            if written in lines:
                raise DuplicateKey(key.value, (lines[written], line))
            lines[written] = line
        return node
