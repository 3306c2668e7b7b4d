"""The WebSocket: `connection` (its life), `messages` (shapes), `session` (jobs), `endpoint`."""
