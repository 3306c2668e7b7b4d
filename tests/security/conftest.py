"""The production application with services in memory, and on a real Ray as users start it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from deployments.local.child_service import Service
from tests.security.running import started
from tests.serve_app.api import Api
from tests.serve_app.conftest import api, client, fakes

__all__ = ["api", "client", "fakes", "service"]


@pytest.fixture
def browser(api: Api) -> Iterator[TestClient]:
    """A client that sends no custom headers."""
    with TestClient(api.app) as client:
        yield client


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = started(tmp_path_factory.mktemp("secure"))
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()
