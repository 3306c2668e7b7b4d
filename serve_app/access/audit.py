"""The audit log: one JSON line for every change and every refusal, on `serve_app.audit`."""

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
"""Action of every refusal of a key."""

Outcome = Literal["success", "denied", "failure"]

MAX_OBJECTS = 20
"""Named in one line; a batch may make more, and its dataset names them."""


@dataclass(slots=True)
class AuditNote:
    """What one request did, collected on its way; the audit middleware writes it at the end."""

    action: str | None = None
    """Noun and verb: "dataset.delete"; None: nothing that is audited."""
    space: str | None = None
    """In which space; an admin's may differ from its key's."""
    objects: list[str] = field(default_factory=list)
    """What was acted on, as clients name it."""
    details: dict[str, JsonValue] = field(default_factory=dict)
    """What else a reader must know; never a key, never a prompt unless the config says so."""
    code: str | None = None
    """Of the error that ended it, also one that came after the status had gone out."""

    def add(self, *objects: str) -> None:
        """Name what is acted on, each once."""
        for each in objects:
            if each not in self.objects and len(self.objects) < MAX_OBJECTS:
                self.objects.append(each)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from."""

    caller: Caller | None = None
    """None for a stranger, and for what the service does by itself."""
    request_id: str | None = None
    address: str | None = None


NOBODY = Origin()


class AuditLog:
    """Writes lines. Who handles the logger decides where they go."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def write(self, note: AuditNote, outcome: Outcome, origin: Origin = NOBODY) -> None:
        """One line, whatever characters a client put into a name."""
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
        """The keys file was read again; names of keys."""
        details: Mapping[str, JsonValue] = {
            "added": [*sorted(added)],
            "removed": [*sorted(removed)],
            "changed": [*sorted(changed)],
        }
        self.write(AuditNote("keys.reload", details=dict(details)), "success")

    def keys_not_changed(self, reason: str) -> None:
        """The keys file is broken or gone: the old keys stay."""
        self.write(AuditNote("keys.reload", details={"reason": reason}), "failure")
