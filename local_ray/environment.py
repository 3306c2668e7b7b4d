"""The environment that makes a Ray closed: decided before Ray is imported, which reads it then.

Ray 2.60 protects all of its servers by one token when `RAY_AUTH_MODE` is `token`
(https://docs.ray.io/en/latest/ray-security/token-auth.html). Its servers listen on every address
of the machine, but on loopback alone where Ray thinks that clusters of several machines are
switched off, which it does by itself on macOS and Windows and for a variable anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from local_ray.state import kept_secret, new_token, state_dir

TOKEN_FILE = "ray_token"
LEAST_TOKEN_LETTERS = 16
"""Shorter ones can be guessed; ours have 64."""

LOOPBACK_ONLY = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""`ray._private.ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR`; read when Ray is imported."""


class RayNotClosed(Exception):
    """A Ray would start that answers everybody; the message says what to change."""


def closed_ray(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that a Ray on this machine alone needs; blocks for a file.

    Raises:
        RayNotClosed: the environment asks for a Ray without a token.
        PermissionError: the state folder belongs to another user.
    """
    return {**token_mode(environment), **LOOPBACK_ONLY}


def token_mode(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that put Ray and its clients into token mode; makes the token if there is none.

    A token that the environment names (`RAY_AUTH_TOKEN`, `RAY_AUTH_TOKEN_PATH`) is taken. Else
    it is our own, in the state folder: Ray's own file in `~/.ray` can be read by other users.

    Raises:
        RayNotClosed: `RAY_AUTH_MODE` is set to something else than `token`, or the token that
            the environment names is not there or too short.
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
    """The header of HTTP that Ray's servers ask for, from an environment in token mode."""
    token = environment.get("RAY_AUTH_TOKEN", "").strip()
    token = token or _text(Path(environment["RAY_AUTH_TOKEN_PATH"]))
    return {"Authorization": f"Bearer {token}"}


def token_file(environment: Mapping[str, str]) -> Path:
    """The file with our token, 0600 in the state folder; made if it is not there."""
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
