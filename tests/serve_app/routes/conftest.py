"""One application for all tests of refused requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from serve_app.config import ApiConfig
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices


@pytest.fixture(scope="module")
def service() -> Iterator[TestClient]:
    """A client for requests that do not change the results of others."""
    api = build_api(FakeServices(), ApiConfig(rates=Api.GENEROUS))
    with TestClient(api.app, headers=HEADERS, raise_server_exceptions=False) as client:
        yield client
