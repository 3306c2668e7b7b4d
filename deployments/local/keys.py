"""The API key of a local service. It is made once and stored in a file that only its owner can
read."""

from __future__ import annotations

import secrets
from pathlib import Path

from local_ray.state import kept_secret

FILE_NAME = "api_key"


def local_key(folder: Path) -> tuple[str, bool]:
    """The key in `folder`, which is made if there is none; and whether it is new.

    Raises:
        PermissionError: the folder belongs to another user.
    """
    return kept_secret(folder / FILE_NAME, lambda: "ifl_" + secrets.token_urlsafe(24))
