"""Spaces: tenants with their own folders in the data root."""

from __future__ import annotations

import re

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
