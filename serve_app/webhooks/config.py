"""Configuration of webhooks."""

from __future__ import annotations

from pydantic import Field, field_validator

from engines.types.frozen import FrozenModel
from serve_app.webhooks.targets import AllowedHost


class Webhooks(FrozenModel):
    """How job events are sent to the servers of the jobs' owners (docs/jobs.md)."""

    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description='Hosts that may get webhooks: "hooks.example.com", or "*.example.com" for all '
        'names below example.com. Add ":port" if the port is not 443. Empty (the default): '
        "webhooks are off.",
    )
    timeout_s: float = Field(
        default=10.0,
        gt=0,
        le=60,
        description="Time limit of one attempt: resolving the name, sending, and the answer.",
    )
    retry_after_s: tuple[float, ...] = Field(
        default=(5.0, 30.0, 120.0, 600.0, 3600.0, 14_400.0, 36_000.0),
        description="Seconds to wait before the second, third, ... attempt. When the last one "
        "fails too, the event is given up.",
    )
    max_in_flight: int = Field(
        default=8, ge=1, description="Largest number of attempts at a time in an ingress replica."
    )
    poll_s: float = Field(
        default=1.0, gt=0, description="Seconds between two searches for deliveries that are due."
    )

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            AllowedHost.of(host)
        return hosts
