"""The audit log: one JSON line for every change and every refusal, written to the logger
`serve_app.audit`."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from engines.errors import JsonValue
from serve_app.access.caller import Caller

audit_log = logging.getLogger("serve_app.audit")

DENIED = "access.denied"
"""The action in the audit line of a refused key."""

Outcome = Literal["success", "denied", "failure"]

MAX_OBJECTS = 20
"""Most objects that one line names. A batch can make more images; the dataset lists them all."""


@dataclass(slots=True)
class AuditNote:
    """What one request did.

    Collected while it is handled; the audit middleware writes it at the end.
    """

    action: str | None = None
    """Object and verb, such as "dataset.delete"; None if the request is not audited."""
    space: str | None = None
    """The space that the request acts in.

    It can differ from the key's own if an admin named one.
    """
    objects: list[str] = field(default_factory=list)
    """The objects of the action, with the names that clients use."""
    details: dict[str, JsonValue] = field(default_factory=dict)
    """Further facts. Never a key; prompts only if the config allows them."""
    code: str | None = None
    """Code of the error that ended the request, even if the status was sent before."""

    def add(self, *objects: str) -> None:
        """Add the name of an object that the request acts on, once only."""
        for each in objects:
            if each not in self.objects and len(self.objects) < MAX_OBJECTS:
                self.objects.append(each)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from."""

    caller: Caller | None = None
    """None if there was no valid key, and for actions of the service itself."""
    request_id: str | None = None
    address: str | None = None


NOBODY = Origin()


class AuditLog:
    """Writes audit lines. The handlers of the logger decide where the lines go."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def write(self, note: AuditNote, outcome: Outcome, origin: Origin = NOBODY) -> None:
        """Write one line. Names are escaped, so that no name from a client can begin a new line."""
        caller = origin.caller
        line: dict[str, JsonValue] = {
            "time": self._now().isoformat(timespec="milliseconds"),
            "action": note.action,
            "outcome": outcome,
            "code": note.code,
            "key_name": caller.name if caller else None,
            "key_hash": caller.hash_prefix if caller else None,
            "space": note.space,
            "objects": [*note.objects],
            "request_id": origin.request_id,
            "address": origin.address,
            **note.details,
        }
        audit_log.info(json.dumps(line))

    def keys_changed(
        self, added: Collection[str], removed: Collection[str], changed: Collection[str]
    ) -> None:
        """Log that the keys file was read again, with the names of the keys."""
        details: Mapping[str, JsonValue] = {
            "added": [*sorted(added)],
            "removed": [*sorted(removed)],
            "changed": [*sorted(changed)],
        }
        self.write(AuditNote("keys.reload", details=dict(details)), "success")

    def keys_not_changed(self, reason: str) -> None:
        """Log that the keys file is missing or invalid, so that the keys read before stay in
        force."""
        self.write(AuditNote("keys.reload", details={"reason": reason}), "failure")
