"""The WebSocket: `connection` (its life), `messages` (shapes), `session` (jobs), `subscriptions`
(to kept jobs), `endpoint`."""
