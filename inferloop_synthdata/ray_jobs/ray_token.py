"""Finds the token that Ray's job API asks for."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from inferloop_synthdata.cli.usage import UsageProblem


def ray_token(environment: Mapping[str, str], address: str) -> str | None:
    """The token for the cluster at `address` (a URL); None if there is none.

    It is `RAY_AUTH_TOKEN` in `environment`, otherwise the content of the file
    `RAY_AUTH_TOKEN_PATH`, as in Ray itself. If neither is set and `address` is on this machine, it
    is the token that the service stored here (the file `ray_token` in its state folder, see
    `INFERLOOP_STATE_DIR`). This last token is never sent to another machine.

    Raises:
        UsageProblem: the file `RAY_AUTH_TOKEN_PATH` cannot be read.
    """
    if token := environment.get("RAY_AUTH_TOKEN", "").strip():
        return token
    if named := environment.get("RAY_AUTH_TOKEN_PATH"):
        try:
            return Path(named).read_text(encoding="utf-8").strip() or None
        except OSError as error:
            raise UsageProblem(f"RAY_AUTH_TOKEN_PATH={named}: {error.strerror}") from None
    return _own_token(environment) if _is_this_machine(address) else None


def _own_token(environment: Mapping[str, str]) -> str | None:
    try:
        return (_state_dir(environment) / "ray_token").read_text(encoding="utf-8").strip() or None
    except OSError:  # no service was started by this user, so this Ray is not the service's
        return None


def _state_dir(environment: Mapping[str, str]) -> Path:
    """The service's state folder. It must be the same as in local_ray/state.py."""
    if configured := environment.get("INFERLOOP_STATE_DIR"):
        return Path(configured).expanduser()
    home = environment.get("HOME") or Path.home()
    return Path(environment.get("XDG_STATE_HOME") or Path(home, ".local", "state")) / "inferloop"


def _is_this_machine(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
