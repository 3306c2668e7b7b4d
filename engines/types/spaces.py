"""Spaces: tenants, each with its own folders below the data root."""

from __future__ import annotations

import re

from engines.errors import InvalidParameters

SPACE_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
"""Lower case only, because a space is a folder and some file systems do not tell case apart."""

SPACES_FOLDER = "spaces"
"""Below the data root: `spaces/<space>/generated/...`, laid out as the data root itself."""

_SPACE = re.compile(SPACE_PATTERN)


def check_space(space: str) -> str:
    """The name itself; `InvalidParameters` if no space can have it."""
    if _SPACE.fullmatch(space):
        return space
    words = "1 to 63 lower-case letters, digits and inner dashes"
    raise InvalidParameters.of("space", space[:100], words, f"must be {words}")
