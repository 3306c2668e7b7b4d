"""Every Ray that a test starts, and every client of it, is in token mode: Ray reads these variables
while it is imported, which is before any fixture runs. The token lies in a state folder that lives
as long as the tests do, never in the developer's own."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

from local_ray.environment import closed_ray

_OWN_STATE = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    if "INFERLOOP_STATE_DIR" not in os.environ:  # workers of pytest-xdist inherit it
        folder = tempfile.mkdtemp(prefix="inferloop-tests-")
        config.stash[_OWN_STATE] = folder
        os.environ["INFERLOOP_STATE_DIR"] = folder
    os.environ.update(closed_ray(os.environ))


def pytest_unconfigure(config: pytest.Config) -> None:
    if (folder := config.stash.get(_OWN_STATE, None)) is not None:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the service does."""
    return "asyncio"
