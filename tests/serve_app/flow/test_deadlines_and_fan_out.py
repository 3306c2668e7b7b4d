"""Stopping in time, and many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from engines.errors import Conflict, DeadlineExceeded
from serve_app.config import ApiConfig, CallDeadlines
from serve_app.flow.deadlines import within
from serve_app.flow.fan_out import fan_out
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fake_validators import FakeQuality
from tests.serve_app.fakes import PNG, FakeFiles


async def forever() -> int:
    await asyncio.Event().wait()
    return 0


async def test_in_time_the_result_comes() -> None:
    async def quick() -> int:
        return 7

    assert await within(5, quick()) == 7


async def test_past_the_deadline_the_work_is_canceled() -> None:
    work = asyncio.ensure_future(forever())
    with pytest.raises(DeadlineExceeded) as caught:
        await within(0.01, work)
    assert caught.value.details["deadline_s"] == 0.01
    assert work.cancelled()


async def test_a_timeout_of_the_work_itself_is_not_our_deadline() -> None:
    async def times_out() -> None:
        raise TimeoutError("theirs")

    with pytest.raises(TimeoutError, match="theirs"):
        await within(5, times_out())


@pytest.mark.parametrize("in_flight", [1, 3, 100])
async def test_results_come_in_order_and_few_run_at_once(in_flight: int) -> None:
    running = most = 0

    async def double(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5 - number % 5):
            await asyncio.sleep(0)
        running -= 1
        return 2 * number

    assert await fan_out(range(20), double, in_flight) == list(range(0, 40, 2))
    assert most == min(in_flight, 20)


async def test_nothing_to_do_is_done() -> None:
    assert await fan_out([], lambda item: forever(), 3) == []


async def test_the_first_error_comes_bare_and_stops_the_rest() -> None:
    started: list[int] = []

    async def work(number: int) -> None:
        started.append(number)
        if number == 1:
            raise Conflict("taken")
        await forever()

    with pytest.raises(Conflict, match="taken"):
        await fan_out(range(10), work, 2)
    assert started == [0, 1]


class StuckQuality(FakeQuality):
    async def validate(self, *args: Any, **kwargs: Any) -> Any:
        await asyncio.Event().wait()


CALLS: list[Callable[[TestClient], Any]] = [
    lambda client: client.post(
        "/api/v1/validate/quality", json={"image_path": "/data/generated/set/x.png"}
    ),
    lambda client: client.post(
        "/api/v1/validate/dataset", json={"dataset_dir": "/data/generated/set"}
    ),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_stuck_validator_is_504_whatever_the_headers_ask(
    call: Callable[[TestClient], Any],
) -> None:
    fakes = FakeServices(files=FakeFiles({"generated/set/x.png": PNG}))
    fakes.quality = StuckQuality(fakes.files)
    deadlines = CallDeadlines(validation_s=0.02, dataset_base_s=0.01, dataset_s_per_image=0.01)
    api = build_api(fakes, ApiConfig(rates=Api.GENEROUS, deadlines=deadlines))
    headers = {**HEADERS, "x-request-timeout-seconds": "100000"}
    answer = call(TestClient(api.app, headers=headers))
    assert answer.status_code == 504
    assert answer.json()["error"] == {
        "code": "DEADLINE_EXCEEDED",
        "message": "Not finished within 0.02 s",
        "details": {"deadline_s": 0.02},
    }
