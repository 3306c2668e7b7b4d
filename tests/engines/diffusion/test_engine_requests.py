"""How requests are taken, batched, refused and ended: the engine over the fake model, each of its
turns made by the test."""

from __future__ import annotations

from typing import Any

import pytest

from engines.diffusion.contract import DecodedImage
from engines.diffusion.engine import StepEngine
from engines.errors import Canceled, DeadlineExceeded, InvalidParameters, Overloaded, ReplicaLost
from engines.testing.diffusion import FakeDenoising, FakeRunner
from tests.engines.diffusion.faults import always
from tests.engines.diffusion.rig import FakeClock, RecordingListener, drive, engine_config, request


def stepped_engine(clock: FakeClock | None = None, **changes: Any) -> StepEngine:
    """Over the fake model, driven by the test."""
    return StepEngine(engine_config(**changes), clock or FakeClock(), load=always(FakeRunner()))


def ready(engine: StepEngine) -> StepEngine:
    """With its model loaded, which takes a turn of another thread."""
    listener = RecordingListener()
    engine.submit(request("first"), listener)
    drive(engine, [listener])
    return engine


class TestRefusals:
    def test_full_queue(self) -> None:
        engine = stepped_engine(max_queued=2)
        for image_id in "ab":
            engine.submit(request(image_id), RecordingListener())
        listener = RecordingListener()
        with pytest.raises(Overloaded) as refused:
            engine.submit(request("c"), listener)
        assert refused.value.retry_after_s >= 1.0
        assert not listener.ended
        engine.shutdown()
        assert not listener.ended, "a refused request hears nothing"

    def test_an_id_that_is_under_way(self) -> None:
        engine = stepped_engine()
        engine.submit(request("a"), RecordingListener())
        with pytest.raises(InvalidParameters, match="image_id"):
            engine.submit(request("a"), RecordingListener())
        engine.shutdown()


class TestEnds:
    @pytest.mark.parametrize("turns", [0, 1, 2])
    def test_cancel_takes_effect_at_the_next_step(self, turns: int) -> None:
        engine = ready(stepped_engine())
        listener = RecordingListener()
        engine.submit(request(num_inference_steps=9), listener)
        for _ in range(turns):
            engine.step()
        engine.cancel("image")
        engine.step()
        assert isinstance(listener.error, Canceled)
        assert len(listener.events) == turns
        stats = engine.stats()
        assert (stats.queued, stats.running, stats.canceled_total) == (0, 0, 1)
        engine.shutdown()

    def test_cancel_of_strangers_and_the_ended_is_fine(self) -> None:
        engine = ready(stepped_engine())
        engine.cancel("first")
        engine.cancel("stranger")
        engine.step()
        assert engine.stats().canceled_total == 0
        engine.shutdown()

    def test_a_deadline_ends_a_request_between_steps(self) -> None:
        clock = FakeClock()
        engine = ready(stepped_engine(clock))
        listener = RecordingListener()
        engine.submit(request(num_inference_steps=9, deadline_s=5.0), listener)
        engine.step()
        clock.advance(5.0)
        engine.step()
        assert isinstance(listener.error, DeadlineExceeded)
        assert listener.error.details["deadline_s"] == 5.0
        assert len(listener.events) == 1
        engine.shutdown()

    def test_shutdown_ends_everyone(self) -> None:
        engine = stepped_engine()
        listeners = [RecordingListener() for _ in range(3)]
        for index, listener in enumerate(listeners):
            engine.submit(request(str(index)), listener)
        engine.shutdown()
        assert all(isinstance(each.error, Canceled) for each in listeners)
        with pytest.raises(ReplicaLost):
            engine.submit(request("late"), RecordingListener())

    def test_a_listener_that_raises_ends_nobody_else(self) -> None:
        class Rude(RecordingListener):
            def progress(self, event: object) -> None:
                raise RuntimeError("the loop is closed")

        engine = ready(stepped_engine())
        polite = RecordingListener()
        engine.submit(request("rude"), Rude())
        engine.submit(request("polite"), polite)
        drive(engine, [polite])
        assert polite.image is not None
        engine.shutdown()


class TestBatching:
    def test_requests_share_steps_and_the_statistics_say_so(self) -> None:
        engine = ready(stepped_engine())
        before = engine.stats()
        listeners = [RecordingListener() for _ in range(4)]
        for index, listener in enumerate(listeners):
            guidance = 7.5 if index < 2 else 1.0
            engine.submit(request(str(index), guidance_scale=guidance), listener)
        assert engine.stats().queued == 4
        drive(engine, listeners)
        after = engine.stats()
        assert after.steps_total - before.steps_total == 3
        assert after.rows_total - before.rows_total == 3 * 6
        assert after.images_total - before.images_total == 4
        engine.shutdown()

    def test_at_most_one_image_is_decoded_between_two_steps(self) -> None:
        log: list[str] = []

        class Logging(FakeRunner):
            def step(self, batch: Any) -> list[Exception | None]:
                log.append("step")
                return super().step(batch)

            def decode(self, denoising: FakeDenoising) -> DecodedImage:
                log.append("decode")
                return super().decode(denoising)

        engine = ready(StepEngine(engine_config(), FakeClock(), load=always(Logging())))
        log.clear()
        listeners = [RecordingListener() for _ in range(4)]
        for index, listener in enumerate(listeners):
            steps = 8 if index == 3 else 2
            engine.submit(request(str(index), num_inference_steps=steps), listener)
        drive(engine, listeners)
        assert log[:8] == ["step", "step", "decode", "step", "decode", "step", "decode", "step"]
        engine.shutdown()

    def test_a_decoder_that_is_behind_goes_first(self) -> None:
        engine = ready(stepped_engine(max_decoding=2))
        listeners = [RecordingListener() for _ in range(5)]
        for index, listener in enumerate(listeners):
            engine.submit(request(str(index), num_inference_steps=1), listener)
        engine.step()
        assert engine.stats().decoding == 4
        late = RecordingListener()
        engine.submit(request("late"), late)
        engine.step()
        assert late.events == []
        drive(engine, [*listeners, late])
        engine.shutdown()
