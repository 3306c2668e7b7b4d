"""Takes the webhook out of the body of an asynchronous request."""

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
    """The webhook of a request, and the request's JSON body without it.

    Without the webhook, the body equals the body of the same request sent synchronously. Returns
    None and the unchanged body if the body has no webhook or is not a JSON object. Raises
    `InvalidParameters` if the webhook is not valid, if the service does not allow its host, or if
    the body has the same key twice.
    """
    try:
        fields = read_json(body)
    except DuplicateKey as error:
        raise repeated(error) from None
    except (ValueError, RecursionError):
        return None, body  # the route itself reports the invalid JSON
    if not isinstance(fields, dict) or fields.get(MEMBER) is None:
        return None, body
    asked = validated(_Asked, {MEMBER: fields.pop(MEMBER)}).webhook
    allowed_target(asked.url, allowed_hosts)
    webhook = Webhook(asked.url, tuple(dict.fromkeys(asked.events)))
    return webhook, json.dumps(fields).encode()
