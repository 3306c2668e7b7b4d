"""The data root: its spaces, which are tenants with folders of their own, and its objects."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from engines.errors import InvalidParameters

SPACE_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
"""Lower case only, because a space is a folder, and some file systems ignore case."""

SPACES_FOLDER = "spaces"
"""Folder in the data root. `spaces/<space>/` has the same layout as the data root."""

_SPACE = re.compile(SPACE_PATTERN)


def check_space(space: str) -> str:
    """Return the name, if it is valid for a space. Raises `InvalidParameters`."""
    if _SPACE.fullmatch(space):
        return space
    words = "1 to 63 lower-case letters, digits and inner dashes"
    raise InvalidParameters.of("space", space[:100], words, f"must be {words}")


class ObjectStat(NamedTuple):
    """Properties of a stored object. A tuple, because a listing creates 100,000 of them."""

    key: str
    size_bytes: int
    modified_at: datetime
    etag: str
    """Opaque version of the content, for conditional replaces."""
