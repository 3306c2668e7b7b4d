"""A receiver, and the application that may call it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serve_app.config import ApiConfig
from tests.serve_app.api import Api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.webhooks.hooking import api_over, config_for
from tests.serve_app.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def config(receiver: Receiver) -> ApiConfig:
    return config_for(receiver)


@pytest.fixture
def api(fakes: FakeServices, config: ApiConfig, receiver: Receiver, tmp_path: Path) -> Api:
    return api_over(fakes, config, receiver, tmp_path / "jobs.sqlite")
