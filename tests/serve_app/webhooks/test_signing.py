"""Signatures, checked by the specification's own package."""

from __future__ import annotations

import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from engines.errors import InvalidParameters
from serve_app.webhooks.signing import WebhookSecrets

MASTER, OTHER = "a secret of the service's own", "another secret of the service"
BODY = '{"type":"job.succeeded","data":{"prompt":"\u00e9"}}'


def headers(secrets: WebhookSecrets, key_hash: str = "ann") -> dict[str, str]:
    return secrets.headers(key_hash, "msg_1", int(time.time()), BODY.encode())


def test_a_receiver_can_verify() -> None:
    secrets = WebhookSecrets.of(MASTER)
    (secret,) = secrets.of_key("ann")
    assert secret.startswith("whsec_")
    assert Webhook(secret).verify(BODY, headers(secrets))["type"] == "job.succeeded"


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(int(time.time()) + 1)},
        {"webhook-signature": "v1,AAAA"},
    ],
)
def test_nothing_can_be_changed(changed: dict[str, str]) -> None:
    secrets = WebhookSecrets.of(MASTER)
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets.of_key("ann")[0]).verify(BODY, {**headers(secrets), **changed})


def test_keys_cannot_forge_each_others_events() -> None:
    secrets = WebhookSecrets.of(MASTER)
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets.of_key("bob")[0]).verify(BODY, headers(secrets, "ann"))


def test_a_secret_is_replaced_without_a_gap() -> None:
    both = WebhookSecrets.of(f"{OTHER}, {MASTER},")
    old, new = WebhookSecrets.of(MASTER).of_key("ann"), WebhookSecrets.of(OTHER).of_key("ann")
    assert both.of_key("ann") == [*new, *old]
    for secret in (*old, *new):
        Webhook(secret).verify(BODY, headers(both))


def test_a_short_secret_is_refused_without_being_shown() -> None:
    with pytest.raises(InvalidParameters) as refused:
        WebhookSecrets.of("too short")
    assert "too short" not in f"{refused.value!r}"


def test_no_secret_is_none() -> None:
    assert WebhookSecrets.of(" , ").of_key("ann") == []


def test_secrets_are_not_in_logs() -> None:
    assert MASTER not in repr(WebhookSecrets.of(MASTER))
