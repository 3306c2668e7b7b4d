"""The API key of a local start: made once, kept with owner-only rights."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

FILE_NAME = "api_key"


def state_dir(configured: Path | None, environ_home: Path, xdg_state_home: str | None) -> Path:
    """The configured folder, else XDG's state folder for this product."""
    if configured is not None:
        return configured.expanduser().absolute()
    base = Path(xdg_state_home) if xdg_state_home else environ_home / ".local" / "state"
    return base / "inferloop"


def local_key(folder: Path) -> tuple[str, bool]:
    """The key kept in `folder`, made if there is none; and whether it was made just now."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FILE_NAME
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip(), False
    key = "ifl_" + secrets.token_urlsafe(24)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(key + "\n")
    return key, True
