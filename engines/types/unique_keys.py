"""Parse JSON and YAML, and refuse objects that have a key twice.

The usual parsers silently keep the last of two values, so a user would not notice that the first
one is ignored. RFC 8259, section 4, calls the result unpredictable; YAML 1.2.2, section 3.2.1.1,
forbids duplicate keys.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

_MERGE = "tag:yaml.org,2002:merge"
_MOST_CHARS = 100
"""Characters of a key that a message shows."""


class DuplicateKey(ValueError):
    """An object has a key twice. The text is "must not have the key 'a' twice in one object"."""

    def __init__(self, key: str, lines: tuple[int, int] | None = None) -> None:
        super().__init__(key, lines)
        self.key = key[:_MOST_CHARS]
        self.lines = lines
        """The two lines, counted from 1; None for JSON, whose parser does not tell."""

    def __str__(self) -> str:
        where = "" if self.lines is None else f" (lines {self.lines[0]} and {self.lines[1]})"
        return f"must not have the key {self.key!r} twice in one object{where}"


def read_json(text: str | bytes) -> Any:
    """Parse a JSON text; bytes may be UTF-8, UTF-16 or UTF-32. Accepts NaN and Infinity.

    Raises `DuplicateKey`, `json.JSONDecodeError` or `UnicodeDecodeError` (all `ValueError`s), or
    `RecursionError`.
    """
    return json.loads(text, object_pairs_hook=_object)


def read_yaml(text: str) -> Any:
    """Parse a YAML document of plain values. Raises `DuplicateKey`, `yaml.YAMLError`,
    `ValueError` (an impossible date) or `RecursionError`."""
    # The loader is a subclass of SafeLoader, which creates plain values only.
    return yaml.load(text, _UniqueKeysLoader)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise DuplicateKey(key)
        found[key] = value
    return found


class _UniqueKeysLoader(yaml.SafeLoader):
    """Refuses duplicate keys. Keys that `<<` merges in may be overridden."""

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
