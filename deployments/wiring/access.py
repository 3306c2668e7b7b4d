"""The API keys that the environment gives.

Does not load Ray, because the launcher uses it first.
"""

from __future__ import annotations

from deployments.settings import Settings
from serve_app.access.api_keys import ApiKeys
from serve_app.access.counters import AccessCounters


def api_keys(settings: Settings, counters: AccessCounters | None = None) -> ApiKeys:
    """The keys of the list and of the file; short ones are refused where the service listens
    beyond loopback. `InvalidParameters` as `ApiKeys` says."""
    return ApiKeys(
        settings.listed_keys(),
        settings.api_keys_file,
        refuse_short=not settings.on_loopback(),
        counters=counters,
    )
