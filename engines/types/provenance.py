"""What is told of a signed data sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.faults import JsonValue


@dataclass(frozen=True, slots=True)
class SignedSheet:
    """What was signed."""

    key: str
    """Of the sheet."""
    file_count: int
    size_bytes: int
    digest: str
    """SHA-256, hex, of the lines "<sha256>  <path>\\n" of all files, ordered by path."""
    summary: Mapping[str, JsonValue]
    is_development: bool
    """Whether the key is a development key."""
