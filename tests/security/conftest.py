"""The production application over services in memory, and as users start it, on a real Ray."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.local.child_service import Service
from tests.ray.conftest import tiny_config
from tests.serve_app.conftest import api, client, fakes

__all__ = ["api", "client", "fakes", "log_folder", "service"]


@pytest.fixture(scope="package")
def log_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory, log_folder: Path) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("secure")
    environment = {"INFERLOOP_LOG_DIR": str(log_folder)}
    running = Service(folder / "data", tiny_config(folder), environment)
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()
