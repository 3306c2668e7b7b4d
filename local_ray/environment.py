"""Environment variables that protect a local Ray. They must be set before Ray is imported, because
Ray reads them then.

With `RAY_AUTH_MODE=token`, all servers of Ray 2.60 require one token
(https://docs.ray.io/en/latest/ray-security/token-auth.html). Ray's servers listen on all addresses
of the machine. They listen on loopback only if clusters of several machines are disabled. This is
the default on macOS and Windows, and can be set by a variable on any system.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from local_ray.state import kept_secret, new_token, state_dir

TOKEN_FILE = "ray_token"
LEAST_TOKEN_LETTERS = 16
"""Fewest characters of a token: shorter ones can be guessed. Tokens made here have 64."""

LOOPBACK_ONLY = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""`ray._private.ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR`; read when Ray is imported."""


class RayNotClosed(Exception):
    """Ray would start without protection. The message says what to change."""


def closed_ray(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables for a Ray that only this machine can use. Reads or writes the token's file.

    Raises:
        RayNotClosed: the environment asks for a Ray without a token.
        PermissionError: the state folder belongs to another user.
    """
    return {**token_mode(environment), **LOOPBACK_ONLY}


def token_mode(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that put Ray and its clients into token mode. Makes a token if there is none.

    A token in the environment (`RAY_AUTH_TOKEN`, `RAY_AUTH_TOKEN_PATH`) is used. Otherwise the
    token is in the state folder, not in Ray's file in `~/.ray`, which other users can read.

    Raises:
        RayNotClosed: `RAY_AUTH_MODE` is not `token`, or the token in the environment does not exist
            or is too short.
        PermissionError: the state folder belongs to another user.
    """
    mode = environment.get("RAY_AUTH_MODE", "").strip().lower()
    if mode not in ("", "token"):
        raise RayNotClosed(
            f"RAY_AUTH_MODE={mode} is set: Ray would run code for whoever reaches its ports, other "
            "users of this machine included. Unset it, or set it to token."
        )
    found = {"RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0"}
    if token := environment.get("RAY_AUTH_TOKEN", "").strip():
        _check(token, "RAY_AUTH_TOKEN")
        return found
    named = environment.get("RAY_AUTH_TOKEN_PATH")
    if named:
        _check(_text(Path(named)), f"RAY_AUTH_TOKEN_PATH={named}")
        return {**found, "RAY_AUTH_TOKEN_PATH": str(Path(named).absolute())}
    return {**found, "RAY_AUTH_TOKEN_PATH": str(token_file(environment))}


def ray_headers(environment: Mapping[str, str]) -> dict[str, str]:
    """The HTTP header that Ray's servers require, from an environment in token mode."""
    token = environment.get("RAY_AUTH_TOKEN", "").strip()
    token = token or _text(Path(environment["RAY_AUTH_TOKEN_PATH"]))
    return {"Authorization": f"Bearer {token}"}


def token_file(environment: Mapping[str, str]) -> Path:
    """The file with the token in the state folder, with mode 0600. It is made if there is none."""
    path = state_dir(environment) / TOKEN_FILE
    kept_secret(path, new_token)
    return path


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise RayNotClosed(f"RAY_AUTH_TOKEN_PATH={path}: {error.strerror}") from error


def _check(token: str, where: str) -> None:
    if len(token) < LEAST_TOKEN_LETTERS:
        raise RayNotClosed(
            f"{where}: a token has at least {LEAST_TOKEN_LETTERS} letters; "
            "`openssl rand -hex 32` makes one"
        )
