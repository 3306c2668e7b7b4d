"""Parsers for JSON and YAML that refuse an object with a key twice. The usual parsers silently use
the last value."""

from __future__ import annotations

import json
import re
from typing import Any

_MERGE = "tag:yaml.org,2002:merge"


class DuplicateKey(ValueError):
    """An object has a key twice. The message has the key and the numbers of its lines."""

    def __init__(self, key: str, lines: list[int]) -> None:
        super().__init__(key, lines)
        self.key = key
        self.lines = lines

    def __str__(self) -> str:
        lines = ", ".join(map(str, self.lines))
        return f"the key {self.key[:100]!r} is given twice in one object (lines {lines})"


def read_json(text: str) -> Any:
    """Parse JSON. Raises `DuplicateKey`, `json.JSONDecodeError` (both are `ValueError`s), and
    `RecursionError` for a text that is nested too deeply."""

    def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise DuplicateKey(key, _lines_with(key, text))
            found[key] = value
        return found

    return json.loads(text, object_pairs_hook=without_duplicates)


def _lines_with(key: str, text: str) -> list[int]:
    """Numbers, from 1, of all lines with this key. The parser does not say where the key was."""
    written = re.compile(rf"{re.escape(json.dumps(key, ensure_ascii=False))}\s*:")
    return [text.count("\n", 0, match.start()) + 1 for match in written.finditer(text)]


def read_yaml(text: str) -> Any:
    """Parse a YAML document of plain values.

    Raises:
        ImportError: PyYAML is not installed.
        ValueError: the text is not YAML, or an object has a key twice (`DuplicateKey`).
        RecursionError: the text is nested too deeply.
    """
    import yaml

    class UniqueKeysLoader(yaml.SafeLoader):
        """Compares only the written keys. A key that `<<` merges in may be written again."""

        def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
            node: yaml.MappingNode = super().compose_mapping_node(anchor)
            lines: dict[tuple[str, str], int] = {}
            for key, _ in node.value:
                if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                    continue
                written, line = (key.tag, key.value), key.start_mark.line + 1
                if written in lines:
                    raise DuplicateKey(key.value, [lines[written], line])
                lines[written] = line
            return node

    # Safe, because a subclass of SafeLoader creates plain values only.
    try:
        return yaml.load(text, UniqueKeysLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
