"""The application under test, with its clock and its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fastapi import FastAPI

from serve_app.access.api_keys import ApiKeys
from serve_app.app import create_app
from serve_app.config import ApiConfig, RateLimits
from serve_app.rate_limits import MemoryRateLimiter
from tests.serve_app.fakes import FakeClock
from tests.serve_app.house import House

KEY = "test-key-1"
OTHER_KEY = "test-key-2"
HEADERS = {"X-API-Key": KEY}
SOCKET = f"/api/v1/ws/generation?api_key={KEY}"


@dataclass
class Face:
    GENEROUS: ClassVar[RateLimits] = RateLimits(
        generate="100000/minute", validate_="100000/minute", export="100000/minute"
    )
    app: FastAPI
    house: House
    clock: FakeClock


def build_face(house: House, config: ApiConfig) -> Face:
    """`create_app` as production calls it; only the clock and the house are ours."""
    clock = FakeClock()
    app = create_app(
        house.services(),
        config,
        ApiKeys([KEY, OTHER_KEY]),
        MemoryRateLimiter(config.rates, epoch_s=clock),
        clock=clock,
        draw_seed=lambda: 4242,
    )
    return Face(app, house, clock)
