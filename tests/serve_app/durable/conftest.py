"""The application with a job store that tests can read, and can give to a second application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from engines.jobs.sqlite.store import SqliteJobStore
from serve_app.config import ApiConfig, DurableJobs
from serve_app.durable.keeping import terms_of
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.durable.playing import LEASE_S
from tests.serve_app.fake_services import FakeServices


@pytest.fixture
def durable() -> DurableJobs:
    return DurableJobs(poll_s=0.02, report_every_s=0.01, max_running=4, lease_s=LEASE_S)


@pytest.fixture
def config(durable: DurableJobs) -> ApiConfig:
    return ApiConfig(rates=Api.GENEROUS, durable=durable)


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.sqlite"


@pytest.fixture
def api(fakes: FakeServices, config: ApiConfig, store_path: Path) -> Api:
    return build_api(fakes, config, SqliteJobStore(store_path, terms_of(config.durable)))


@pytest.fixture
def other_replica(fakes: FakeServices, config: ApiConfig, store_path: Path) -> Iterator[TestClient]:
    """A second ingress replica with the same store. It only looks for jobs when it starts and when
    it accepts one."""
    patient = config.model_copy(
        update={"durable": config.durable.model_copy(update={"poll_s": 600})}
    )
    again = build_api(fakes, patient, SqliteJobStore(store_path, terms_of(config.durable)))
    with TestClient(again.app, headers=HEADERS) as client:
        yield client
