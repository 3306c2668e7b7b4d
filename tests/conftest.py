"""Every Ray that a test starts, and every client of it, uses token authentication. Ray reads these
variables when it is imported, which is before any fixture runs. The token is in a temporary state
folder of the test run, not in that of the developer."""

from __future__ import annotations

import gc
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from local_ray.environment import closed_ray

# Here and not in `pytest_configure`: a conftest in a subfolder may import Ray, which reads its
# environment once. Workers of pytest-xdist inherit the folder.
OWN_STATE = None if "INFERLOOP_STATE_DIR" in os.environ else tempfile.mkdtemp("-inferloop-tests")
if OWN_STATE is not None:
    os.environ["INFERLOOP_STATE_DIR"] = OWN_STATE
os.environ.update(closed_ray(os.environ))

# Ray's own time limits of its start are 30 or 60 s, and its workers have a low priority (niceness
# 15). On a machine with other load, this is not enough.
os.environ |= {
    "RAY_worker_niceness": "0",
    "RAY_raylet_start_wait_time_s": "300",
    "RAY_agent_register_timeout_ms": "300000",
    "RAY_worker_register_timeout_seconds": "300",
    "RAY_DASHBOARD_STARTUP_TIMEOUT_S": "300",
    "RAY_DASHBOARD_SUBPROCESS_MODULE_WAIT_READY_TIMEOUT": "300",
    "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "60",
    "RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S": "60",
}

# Each run of the tests gives the same result, also on a busy machine. `--hypothesis-profile search`
# draws new examples instead.
_UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("suite", _UNHURRIED, derandomize=True)
settings.register_profile("search", _UNHURRIED)
settings.load_profile("suite")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collection makes thousands of objects that stay until the end. The garbage collector is off
    meanwhile, and ignores them later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Seed the global random generators, so that a test without its own seed draws the same numbers
    in every run, whichever tests ran before it in this process."""
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.default_generator.manual_seed(0)  # `torch.manual_seed` queues calls for a GPU


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """What a file of tests leaves behind (modules, caches, fixtures of the session) is looked at
    once. Else every later collection looks at it again, and who releases a model collects."""
    try:
        return (yield)
    finally:
        if nextitem is not None and nextitem.path != item.path:
            gc.collect()
            gc.freeze()


def pytest_unconfigure() -> None:
    if OWN_STATE is not None:
        shutil.rmtree(OWN_STATE, ignore_errors=True)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the service does."""
    return "asyncio"
