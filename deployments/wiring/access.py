"""Loads the API keys that the environment names.

This module must not import Ray, because the launcher uses it before Ray may be imported.
"""

from __future__ import annotations

from deployments.settings import Settings
from serve_app.access.api_keys import ApiKeys
from serve_app.access.counters import AccessCounters


def api_keys(settings: Settings, counters: AccessCounters | None = None) -> ApiKeys:
    """The keys of the list and of the keys file. Raises `InvalidParameters` as `ApiKeys` does, and
    for short keys if the service can be reached from other machines."""
    return ApiKeys(
        settings.listed_keys(),
        settings.api_keys_file,
        refuse_short=not settings.on_loopback(),
        counters=counters,
    )
