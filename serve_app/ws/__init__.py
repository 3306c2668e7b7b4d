"""The WebSocket: `machine` (states), `messages` (shapes), `session` (jobs), `endpoint` (socket)."""
