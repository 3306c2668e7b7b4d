"""The production application with fake services, which contain the objects in the examples of the
API reference."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from serve_app.access.api_keys import ApiKeys
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter
from serve_app.config import ApiConfig
from serve_app.ids import IdSource
from tests.serve_app.api import HEADERS, KEY
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG, FakeClock, FakeFiles


class ReferenceIds(IdSource):
    """The ids in the examples of the API reference. Jobs after the first are numbered, because two
    run at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self._jobs = itertools.count(1_234_567_890)

    def unique(self) -> str:
        return "1234567890"

    def job(self) -> str:
        return f"job_{next(self._jobs)}"


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A client of the default configuration, with the ids and files of the API reference."""
    keys = ("generated/image_1234567890.png", "generated/nature_set/image_1.png")
    fakes = FakeServices(files=FakeFiles(dict.fromkeys(keys, PNG)))
    config = ApiConfig()
    # The last example of the rate limit headers resets at 1622568000.
    limiter = MemoryRateLimiter(config.rates, FakeClock(1_622_568_000 - 60))
    app = create_app(fakes.services(), config, ApiKeys([KEY]), limiter, ids=ReferenceIds())
    with TestClient(app, headers=HEADERS) as client:
        yield client
