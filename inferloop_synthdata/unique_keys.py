"""JSON and YAML in which no object has a key twice: both parsers keep the last value silently."""

from __future__ import annotations

import json
import re
from typing import Any

_MERGE = "tag:yaml.org,2002:merge"


class DuplicateKey(ValueError):
    """A key that one object has twice; the message names it, and the lines it stands in."""

    def __init__(self, key: str, lines: list[int]) -> None:
        super().__init__(key, lines)
        self.key = key
        self.lines = lines

    def __str__(self) -> str:
        lines = ", ".join(map(str, self.lines))
        return f"the key {self.key[:100]!r} is given twice in one object (lines {lines})"


def read_json(text: str) -> Any:
    """The value. Raises `DuplicateKey` or `json.JSONDecodeError`, which are `ValueError`s, or
    `RecursionError`."""

    def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise DuplicateKey(key, _lines_with(key, text))
            found[key] = value
        return found

    return json.loads(text, object_pairs_hook=without_duplicates)


def _lines_with(key: str, text: str) -> list[int]:
    """Every line in which the key stands, counted from 1: the parser does not say where it is."""
    written = re.compile(rf"{re.escape(json.dumps(key, ensure_ascii=False))}\s*:")
    return [text.count("\n", 0, match.start()) + 1 for match in written.finditer(text)]


def read_yaml(text: str) -> Any:
    """The value of a document of plain values. Raises `ImportError` where PyYAML is not installed,
    `DuplicateKey` or another `ValueError` where it is no YAML, or `RecursionError`."""
    import yaml

    class UniqueKeysLoader(yaml.SafeLoader):
        """Looks at the keys as they are written: those that `<<` merges in may be given anew."""

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

    # A subclass of SafeLoader: it makes nothing but plain values.
    try:
        return yaml.load(text, UniqueKeysLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
