"""Signatures after Standard Webhooks 1.0 (https://www.standardwebhooks.com): HMAC-SHA256 over
`id.timestamp.body`."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

from engines.errors import InvalidParameters
from serve_app.webhooks.config import Webhooks

SECRET_PREFIX = "whsec_"
MIN_MASTER_CHARS = 24


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """The secrets that sign events.

    Each API key has its own secrets, which are derived from the service's. So the owner of one key
    cannot forge the events of another.
    """

    masters: tuple[str, ...] = field(repr=False)
    """The service's secrets, the newest first. Each event is signed with all of them, so that
    receivers can check it while a secret is being replaced."""

    @classmethod
    def of(cls, text: str) -> WebhookSecrets:
        """Read secrets that are separated by commas.

        Raises `InvalidParameters` if one has fewer than `MIN_MASTER_CHARS` characters.
        """
        masters = tuple(part.strip() for part in text.split(",") if part.strip())
        if any(len(master) < MIN_MASTER_CHARS for master in masters):
            words = f"must have {MIN_MASTER_CHARS} characters or more"
            raise InvalidParameters.of("INFERLOOP_WEBHOOK_SECRET", None, words, words)
        return cls(masters)

    def check(self, config: Webhooks) -> None:
        """Raise `InvalidParameters` if the config allows hosts but there is no secret."""
        if config.allowed_hosts and not self.masters:
            words = "must be set if webhooks.allowed_hosts is not empty"
            raise InvalidParameters.of("INFERLOOP_WEBHOOK_SECRET", None, "a secret", words)

    def of_key(self, key_hash: str) -> list[str]:
        """The secrets of an API key in the form "whsec_" + base64, the newest first."""
        return [
            SECRET_PREFIX + base64.b64encode(_derived(master, key_hash)).decode("ascii")
            for master in self.masters
        ]

    def headers(
        self, key_hash: str, message_id: str, timestamp: int, body: bytes
    ) -> dict[str, str]:
        """The signed headers of one attempt: `webhook-id`, `webhook-timestamp` and
        `webhook-signature`. `timestamp`: time of the attempt, seconds since 1970, UTC."""
        signed = f"{message_id}.{timestamp}.".encode() + body
        signatures = (_mac(_derived(master, key_hash), signed) for master in self.masters)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(f"v1,{_text(each)}" for each in signatures),
        }


NO_SECRETS = WebhookSecrets(())
"""Signs nothing: for a service without webhooks."""


def _derived(master: str, key_hash: str) -> bytes:
    return _mac(master.encode(), f"inferloop webhooks of {key_hash}".encode())


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def _text(mac: bytes) -> str:
    return base64.b64encode(mac).decode("ascii")
