"""What webhooks need besides the config."""

from __future__ import annotations

from dataclasses import dataclass

from engines.errors import InvalidParameters
from serve_app.webhooks.config import Webhooks
from serve_app.webhooks.sending import Sender
from serve_app.webhooks.signing import NO_SECRETS, WebhookSecrets


@dataclass(frozen=True, slots=True)
class WebhookWiring:
    """`secrets` sign events; `sender` sends them, None: over the internet."""

    secrets: WebhookSecrets = NO_SECRETS
    sender: Sender | None = None

    def check(self, config: Webhooks) -> None:
        """`InvalidParameters` where hosts are allowed and nothing can be signed."""
        if config.allowed_hosts and not self.secrets.masters:
            words = "must be set where webhooks.allowed_hosts names any"
            raise InvalidParameters.of("INFERLOOP_WEBHOOK_SECRET", None, "a secret", words)


NO_WEBHOOKS = WebhookWiring()
