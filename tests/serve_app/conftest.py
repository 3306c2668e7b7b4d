"""The production application with services in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from serve_app.config import ApiConfig
from tests.certificates import no_certificates as no_certificates
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices


@pytest.fixture
def fakes() -> FakeServices:
    return FakeServices()


@pytest.fixture
def api(fakes: FakeServices) -> Api:
    return build_api(fakes, ApiConfig(rates=Api.GENEROUS))


@pytest.fixture
def client(api: Api) -> Iterator[TestClient]:
    """A client with a key."""
    with TestClient(api.app, headers=HEADERS) as client:
        yield client
