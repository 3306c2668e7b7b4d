"""`GET /webhooks/secret`: the secret with which receivers check signatures."""

from __future__ import annotations

from fastapi import APIRouter

from engines.errors import NotFound
from serve_app.access.policy import requires
from serve_app.context import InContext
from serve_app.routing import ApiRoute
from serve_app.schemas.webhooks import WebhookSecretOut

router = APIRouter(tags=["jobs"], route_class=ApiRoute)


@router.get("/webhooks/secret", dependencies=[requires(None, budget="read")])
async def get_webhook_secret(context: InContext) -> WebhookSecretOut:
    """Get the secret with which events of this API key's jobs are signed. 404 if webhooks are
    switched off."""
    secrets = context.webhook_secrets.of_key(context.caller.key_hash)
    if not secrets or not context.config.webhooks.allowed_hosts:
        raise NotFound("webhook secret", context.caller.name)
    return WebhookSecretOut(secret=secrets[0])
