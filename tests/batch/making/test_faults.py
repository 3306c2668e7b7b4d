"""Rows that are wrong, images that cannot be judged, engines that fail: each costs its own row."""

from __future__ import annotations

import asyncio

import pytest

from batch.making.attempts import CheckFailed
from batch.making.generation import generate
from batch.output.outcomes import Judgment, Reason
from batch.planning.rows import PlannedRow, make_request
from engines.errors import Canceled, GenerationFailed, InferloopError, ReplicaLost
from engines.protocols import GenerationListener
from engines.testing.diffusion import FakeEngine
from engines.types import GenerationRequest
from tests.batch.making.makers import (
    MakeConfig,
    a_maker,
    make,
    rows,
    verdict,
)
from tests.waiting import until


async def test_a_bad_row_is_rejected_and_costs_no_other(
    engine: FakeEngine, make_config: MakeConfig
) -> None:
    planned = [
        *rows(1),
        PlannedRow("bad", 1, {}, fault="not JSON"),
        PlannedRow("model", 2, {"prompt": "x", "model_id": "nobody/knows"}),
    ]
    outcomes = await make(a_maker(engine, make_config()), planned)
    assert [o.status for o in outcomes] == ["written", "rejected", "rejected"]
    assert outcomes[1].reasons == (Reason("invalid_row", "not JSON"),)
    assert outcomes[2].reasons[0].code == "invalid_row"
    assert "nobody/knows" in outcomes[2].reasons[0].message


async def test_a_row_without_a_verdict_has_failed(
    engine: FakeEngine, make_config: MakeConfig
) -> None:
    async def no_checker(content: bytes, row_id: str) -> Judgment:
        raise CheckFailed("The image killed its checker 3 times")

    (outcome,) = await make(a_maker(engine, make_config(), no_checker), rows(1))
    assert (outcome.status, outcome.attempts) == ("failed", 1)
    assert outcome.reasons == (Reason("no_verdict", "The image killed its checker 3 times"),)


async def test_a_surprise_costs_one_row(engine: FakeEngine, make_config: MakeConfig) -> None:
    async def surprised(content: bytes, row_id: str) -> Judgment:
        if row_id.endswith("1"):
            raise ZeroDivisionError
        return verdict(True)

    outcomes = await make(a_maker(engine, make_config(), surprised), rows(3))
    assert [o.status for o in outcomes] == ["written", "failed", "written"]
    assert outcomes[1].reasons == (Reason("error_internal", "ZeroDivisionError"),)


class FailingEngine(FakeEngine):
    """Fails what is submitted with the errors it was given, then works."""

    def __init__(self, *errors: InferloopError) -> None:
        super().__init__()
        self._errors = list(errors)

    def submit(self, request: GenerationRequest, listener: GenerationListener) -> None:
        if self._errors:
            listener.failed(self._errors.pop(0))
        else:
            super().submit(request, listener)


async def test_an_error_of_the_engine_is_tried_again(make_config: MakeConfig) -> None:
    engine = FailingEngine(GenerationFailed("NaN"), GenerationFailed("NaN"))
    engine.start()
    (outcome,) = await make(a_maker(engine, make_config()), rows(1))
    engine.shutdown()
    assert (outcome.status, outcome.attempts) == ("written", 3)


async def test_an_error_that_stays_is_a_failed_row(make_config: MakeConfig) -> None:
    engine = FailingEngine(*(GenerationFailed("NaN") for _ in range(3)))
    (outcome,) = await make(a_maker(engine, make_config()), rows(1))
    assert outcome.status == "failed"
    assert outcome.reasons == (Reason("error_internal_error", "NaN"),)


@pytest.mark.parametrize("gone", [ReplicaLost("died"), Canceled("shut down")])
async def test_an_engine_that_is_gone_is_nobodys_fault(
    make_config: MakeConfig, gone: InferloopError
) -> None:
    engine = FailingEngine(gone)
    with pytest.raises(ExceptionGroup) as raised:
        await make(a_maker(engine, make_config()), rows(1))
    assert raised.group_contains(type(gone))


async def test_a_full_queue_is_waited_for(make_config: MakeConfig) -> None:
    config = make_config()
    small = config.engine.model_copy(update={"max_queued": 2})
    engine = FakeEngine(config=small)
    engine.start()
    outcomes = await make(a_maker(engine, config), rows(20))
    engine.shutdown()
    assert {o.status for o in outcomes} == {"written"}


async def test_awaiting_less_stops_the_engine(make_config: MakeConfig) -> None:
    engine = FakeEngine(step_s=0.1)
    engine.start()
    request = make_request(rows(1, num_inference_steps=150)[0], make_config(), 0)

    waiting = asyncio.create_task(generate(engine, request))
    await until(lambda: engine.stats().running == 1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    engine.shutdown()
    assert engine.stats().canceled_total == 1


async def test_a_place_in_the_engine_is_taken_again_while_images_are_judged(
    engine: FakeEngine, make_config: MakeConfig
) -> None:
    judged = asyncio.Event()
    waiting: list[str] = []

    async def slow(content: bytes, row_id: str) -> Judgment:
        waiting.append(row_id)
        if len(waiting) == 4:  # twice what may be in the engine
            judged.set()
        await judged.wait()
        return verdict(True)

    config = make_config(resources={"in_flight": 2})
    outcomes = await make(a_maker(engine, config, slow), rows(8))
    assert len(outcomes) == len(waiting) == 8
