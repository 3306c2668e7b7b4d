"""Objects that webhooks need in addition to their config."""

from __future__ import annotations

from dataclasses import dataclass

from serve_app.webhooks.config import Webhooks
from serve_app.webhooks.sending import Sender
from serve_app.webhooks.signing import NO_SECRETS, WebhookSecrets


@dataclass(frozen=True, slots=True)
class WebhookWiring:
    """`secrets` sign the events, and `sender` sends them. `sender` None: a new `Sender`, which
    sends to public addresses only."""

    secrets: WebhookSecrets = NO_SECRETS
    sender: Sender | None = None

    def check(self, config: Webhooks) -> None:
        """Raise `InvalidParameters` if the config allows hosts but there is no secret."""
        self.secrets.check(config)


NO_WEBHOOKS = WebhookWiring()
"""For a service whose webhooks are off."""
