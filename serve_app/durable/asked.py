"""The request headers `Prefer` (RFC 7240) and `Idempotency-Key`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.datastructures import Headers

from engines.errors import InvalidParameters
from engines.jobs.model import PRIORITIES, Priority

PREFER = "Prefer"
PREFERENCE_APPLIED = "Preference-Applied"
IDEMPOTENCY_KEY = "Idempotency-Key"
MAX_KEY_CHARS = 255
KEY_PATTERN = r"^[\x21-\x7e]{1,255}$"
"""Printable ASCII without blanks."""

_KEY = re.compile(KEY_PATTERN)
_QUOTED_MIN = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """How a request asks to be handled."""

    respond_async: bool
    idempotency_key: str | None
    priority: Priority = "normal"
    previews: bool = False

    @classmethod
    def of(cls, headers: Headers) -> Asked:
        """Read the headers. Unknown preferences are ignored, as RFC 7240 requires.

        Raises `InvalidParameters` for an invalid idempotency key or priority.
        """
        preferences = dict(_preferences(headers.getlist(PREFER)))
        key = headers.get(IDEMPOTENCY_KEY)
        return cls(
            respond_async="respond-async" in preferences,
            idempotency_key=None if key is None else _checked(key),
            priority=_priority(preferences.get("priority", "normal")),
            previews="previews" in preferences,
        )

    def applied(self) -> str:
        """The value of `Preference-Applied` in the answer to an asynchronous request."""
        parts = ["respond-async"]
        if self.priority != "normal":
            parts.append(f"priority={self.priority}")
        if self.previews:
            parts.append("previews")
        return ", ".join(parts)


def digest_of(path: str, query: str, body: bytes, content_type: str) -> str:
    """Hash of a request's content.

    JSON bodies with the same values have the same hash, however they are written.
    """
    hashed = hashlib.sha256(f"{path}?{query}\n".encode())
    hashed.update(_canonical(body, content_type))
    return hashed.hexdigest()


def _canonical(body: bytes, content_type: str) -> bytes:
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower().startswith("multipart/"):
        # Clients choose a new boundary for each attempt.
        boundary = parameters.partition("boundary=")[2].split(";")[0].strip().strip('"')
        return body.replace(boundary.encode("latin-1"), b"") if boundary else body
    try:
        value = json.loads(body)
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return body


def _preferences(fields: list[str]) -> Iterator[tuple[str, str]]:
    """Names and values in lower case, without parameters.

    If a name is repeated, the first one counts.
    """
    found: dict[str, str] = {}
    for part in ",".join(fields).split(","):
        name, _, value = part.partition(";")[0].partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"').lower())
    yield from found.items()


def _priority(named: str) -> Priority:
    for priority in PRIORITIES:
        if priority == named:
            return priority
    known = ", ".join(PRIORITIES)
    raise InvalidParameters.of(PREFER, named[:100], f"priority: {known}", f"must be one of {known}")


def _checked(key: str) -> str:
    """The key, without the quotes that the draft of the header's standard puts around it."""
    if len(key) > _QUOTED_MIN and key[0] == key[-1] == '"':
        key = key[1:-1]
    if _KEY.fullmatch(key):
        return key
    words = f"1 to {MAX_KEY_CHARS} printable ASCII characters without blanks"
    raise InvalidParameters.of(IDEMPOTENCY_KEY, key[:100], words, f"must be {words}")
