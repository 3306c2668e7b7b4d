"""The production application over the in-memory house."""

from __future__ import annotations

from tests.serve_app.conftest import client, face, house

__all__ = ["client", "face", "house"]
