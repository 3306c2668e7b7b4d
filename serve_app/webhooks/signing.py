"""Signatures after Standard Webhooks 1.0 (https://www.standardwebhooks.com): HMAC-SHA256 over
`id.timestamp.body`."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

from engines.errors import InvalidParameters

SECRET_PREFIX = "whsec_"
MIN_MASTER_CHARS = 24


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """Each API key has secrets of its own, made of the service's: whoever can check the events of
    one key can forge those of no other."""

    masters: tuple[str, ...] = field(repr=False)
    """The newest first; all of them sign, so that one can be replaced without a gap."""

    @classmethod
    def of(cls, text: str) -> WebhookSecrets:
        """From a list with commas. `InvalidParameters` for a short one."""
        masters = tuple(part.strip() for part in text.split(",") if part.strip())
        if any(len(master) < MIN_MASTER_CHARS for master in masters):
            words = f"must have {MIN_MASTER_CHARS} characters or more"
            raise InvalidParameters.of("INFERLOOP_WEBHOOK_SECRET", None, words, words)
        return cls(masters)

    def of_key(self, key_hash: str) -> list[str]:
        """The secrets of an API key as receivers take them, the newest first."""
        return [
            SECRET_PREFIX + base64.b64encode(_derived(master, key_hash)).decode("ascii")
            for master in self.masters
        ]

    def headers(
        self, key_hash: str, message_id: str, timestamp: int, body: bytes
    ) -> dict[str, str]:
        """Of one attempt. `timestamp`: seconds since 1970, of the attempt."""
        signed = f"{message_id}.{timestamp}.".encode() + body
        signatures = (_mac(_derived(master, key_hash), signed) for master in self.masters)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(f"v1,{_text(each)}" for each in signatures),
        }


NO_SECRETS = WebhookSecrets(())


def _derived(master: str, key_hash: str) -> bytes:
    return _mac(master.encode(), f"inferloop webhooks of {key_hash}".encode())


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def _text(mac: bytes) -> str:
    return base64.b64encode(mac).decode("ascii")
