"""Types of storage."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class ObjectStat(NamedTuple):
    """Properties of a stored object. A tuple, because a listing creates 100,000 of them."""

    key: str
    size_bytes: int
    modified_at: datetime
    etag: str
    """Opaque version of the content, for conditional replaces."""
