"""Stored objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ObjectStat:
    key: str
    size_bytes: int
    modified_at: datetime
    etag: str
    """Opaque version of the content; a conditional replace names it."""
