"""The gate's case of a service that has all it can do, against the real API at a tiny size."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from benchmarks.gate.cases import SERVICE_CASES, saturated
from benchmarks.serving.load import Target
from serve_app.config import ApiConfig
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.flow.test_over_uvicorn import Served, serving


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    yield from serving(build_api(FakeServices(), ApiConfig(rates=Api.GENEROUS)))


def test_the_figure_is_processor_time_of_one_of_all_images(served: Served) -> None:
    made, began = len(served.api.fakes.generation.started), time.process_time()
    figure = saturated(Target(served.url("/api/v1/generate"), HEADERS), os.getpid(), 6, 64)
    assert len(served.api.fakes.generation.started) == made + 6
    # The server is in this process; the kernel's figures are multiples of 10 ms.
    assert 0 < figure * 6 <= time.process_time() - began + 0.05


def test_a_service_that_refuses_has_no_figure(served: Served) -> None:
    target = Target(served.url("/api/v1/generate"), {"X-API-Key": "wrong"})
    with pytest.raises(RuntimeError, match="2 of 2"):
        saturated(target, os.getpid(), 2, 64)


def test_it_is_among_the_cases_that_start_the_service() -> None:
    assert "saturation, an image" in SERVICE_CASES
