"""The audit log: one JSON line for every change and every refusal, on `serve_app.audit`."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engines.errors import JsonValue
from serve_app.access.caller import Caller

audit_log = logging.getLogger("serve_app.audit")

Outcome = Literal["success", "denied", "failure"]


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Who did what to what, and how it ended."""

    action: str
    """Noun and verb: "dataset.delete"."""
    outcome: Outcome
    caller: Caller | None = None
    """None for a stranger, and for what the service does by itself."""
    space: str | None = None
    """In which space; an admin's may differ from its key's."""
    objects: tuple[str, ...] = ()
    """What was acted on, as clients name it."""
    request_id: str | None = None
    address: str | None = None
    status: int | None = None
    details: Mapping[str, JsonValue] | None = None
    """What else a reader must know; never a key, never a prompt unless the config says so."""


class AuditLog:
    """Writes events. Who handles the logger decides where they go."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def write(self, event: AuditEvent) -> None:
        """One line, whatever characters a client put into a name."""
        caller = event.caller
        line: dict[str, JsonValue] = {
            "time": self._now().isoformat(timespec="milliseconds"),
            "action": event.action,
            "outcome": event.outcome,
            "key_name": caller.name if caller else None,
            "key_hash": caller.hash_prefix if caller else None,
            "space": event.space,
            "objects": list(event.objects),
            "request_id": event.request_id,
            "address": event.address,
            "status": event.status,
            **(event.details or {}),
        }
        audit_log.info(json.dumps(line))

    def keys_changed(
        self, added: Collection[str], removed: Collection[str], changed: Collection[str]
    ) -> None:
        """The keys file was read again; names of keys."""
        details: dict[str, JsonValue] = {
            "added": [*sorted(added)],
            "removed": [*sorted(removed)],
            "changed": [*sorted(changed)],
        }
        self.write(AuditEvent("keys.reload", "success", details=details))

    def keys_not_changed(self, reason: str) -> None:
        """The keys file is broken or gone: the old keys stay."""
        self.write(AuditEvent("keys.reload", "failure", details={"reason": reason}))
