"""The webhook of an asynchronous request, taken out of its body."""

from __future__ import annotations

import json
from collections.abc import Sequence

from engines.jobs.deliveries import Webhook
from engines.types.unique_keys import DuplicateKey, read_json
from serve_app.schemas.base import RequestModel
from serve_app.schemas.bounds.parser import repeated, validated
from serve_app.schemas.webhooks import WebhookBody
from serve_app.webhooks.targets import allowed_target

MEMBER = "webhook"


class _Asked(RequestModel):
    webhook: WebhookBody


def accepted_webhook(body: bytes, allowed_hosts: Sequence[str]) -> tuple[Webhook | None, bytes]:
    """The webhook, and the body without it, which is the body of the same request that waits.

    None, and the body as it was, where it holds none or is no JSON object. `InvalidParameters`
    where no webhook can be so, or the service does not allow it.
    """
    try:
        fields = read_json(body)
    except DuplicateKey as error:
        raise repeated(error) from None
    except (ValueError, RecursionError):
        return None, body  # the route says so
    if not isinstance(fields, dict) or fields.get(MEMBER) is None:
        return None, body
    asked = validated(_Asked, {MEMBER: fields.pop(MEMBER)}).webhook
    allowed_target(asked.url, allowed_hosts)
    webhook = Webhook(asked.url, tuple(dict.fromkeys(asked.events)))
    return webhook, json.dumps(fields).encode()
