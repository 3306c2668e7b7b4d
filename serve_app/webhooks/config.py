"""Configuration of webhooks."""

from __future__ import annotations

from pydantic import Field, field_validator

from engines.types.frozen import FrozenModel
from serve_app.webhooks.targets import AllowedHost


class Webhooks(FrozenModel):
    """Events of jobs, told to servers of their owners (docs/jobs.md)."""

    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description='Hosts that webhooks may lead to: "hooks.example.com", "*.example.com" (names '
        'below it), either with ":port" where that is not 443. None by default: webhooks are off.',
    )
    timeout_s: float = Field(
        default=10.0, gt=0, le=60, description="For one attempt, from the name to the answer."
    )
    retry_after_s: tuple[float, ...] = Field(
        default=(5.0, 30.0, 120.0, 600.0, 3600.0, 14_400.0, 36_000.0),
        description="Seconds before each further attempt; past the last one it is given up.",
    )
    max_in_flight: int = Field(
        default=8, ge=1, description="Attempts at once, in one ingress replica."
    )
    poll_s: float = Field(
        default=1.0, gt=0, description="Seconds between looks for deliveries that are due."
    )

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            AllowedHost.of(host)
        return hosts
