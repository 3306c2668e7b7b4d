"""Stored objects."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class ObjectStat(NamedTuple):
    """What a listing says of an object; a tuple, because listings make 100,000 of them."""

    key: str
    size_bytes: int
    modified_at: datetime
    etag: str
    """Opaque version of the content; a conditional replace names it."""
