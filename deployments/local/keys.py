"""The API key of a local start: made once, kept with owner-only rights."""

from __future__ import annotations

import secrets
from pathlib import Path

from local_ray.state import kept_secret

FILE_NAME = "api_key"


def local_key(folder: Path) -> tuple[str, bool]:
    """The key kept in `folder`, made if there is none; and whether it was made just now.

    Raises:
        PermissionError: the folder belongs to another user.
    """
    return kept_secret(folder / FILE_NAME, lambda: "ifl_" + secrets.token_urlsafe(24))
