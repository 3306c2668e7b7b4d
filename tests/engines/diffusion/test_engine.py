"""What a listener and a caller see of the engine, on its own thread, over the tiny model."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from engines.diffusion.contract import DecodedImage, Denoising
from engines.diffusion.engine import StepEngine
from engines.diffusion.fake import FakeRunner
from engines.errors import (
    Canceled,
    DeadlineExceeded,
    GenerationFailed,
    InvalidParameters,
    NotFound,
    Overloaded,
    ReplicaLost,
)
from engines.protocols import DiffusionEngine
from engines.types import GeneratedImage
from tests.engines.diffusion.faults import always
from tests.engines.diffusion.rig import (
    FakeClock,
    RecordingListener,
    drive,
    engine_config,
    request,
    tiny_entry,
    until,
)


@pytest.fixture(scope="module")
def engine() -> Iterator[StepEngine]:
    entry = tiny_entry(aliases=("other-name",), stand_in_for=("famous/model",), load_at_start=True)
    engine = StepEngine(engine_config(entry))
    engine.start()
    yield engine
    engine.shutdown()


def stepped_engine(clock: FakeClock | None = None, **changes: Any) -> StepEngine:
    """Over the fake model, driven by the test."""
    return StepEngine(engine_config(**changes), clock or FakeClock(), load=always(FakeRunner()))


def ready(engine: StepEngine) -> StepEngine:
    """With its model loaded, which takes a turn of another thread."""
    listener = RecordingListener()
    engine.submit(request("first"), listener)
    drive(engine, [listener])
    return engine


def image_of(engine: StepEngine, **changes: Any) -> GeneratedImage:
    listener = RecordingListener()
    engine.submit(request(**changes), listener)
    until(lambda: listener.ended)
    assert listener.image is not None, listener.error
    return listener.image


class TestAnswers:
    def test_it_is_a_diffusion_engine(self, engine: StepEngine) -> None:
        typed: DiffusionEngine = engine
        typed.check_health()

    @pytest.mark.parametrize("steps", [1, 4])
    @pytest.mark.parametrize("name", [None, "heun", "pndm", "dpmsolver++-singlestep"])
    def test_every_step_is_told_once_whatever_the_noise_scheduler(
        self, name: Any, steps: int
    ) -> None:
        engine = StepEngine(engine_config(tiny_entry(name)), FakeClock())
        listener = RecordingListener()
        engine.submit(request(num_inference_steps=steps), listener)
        drive(engine, [listener])
        assert listener.steps == list(range(1, steps + 1))
        assert {event.total_steps for event in listener.events} == {steps}
        engine.shutdown()

    @pytest.mark.parametrize(("width", "height"), [(64, 64), (72, 64), (64, 200), (1024, 64)])
    def test_the_size_is_exact(self, engine: StepEngine, width: int, height: int) -> None:
        image = image_of(engine, width=width, height=height)
        assert image.pixels.shape == (height, width, 3)
        assert image.pixels.dtype.name == "uint8"

    def test_it_says_what_served(self, engine: StepEngine) -> None:
        image = image_of(engine, model_id="other-name")
        assert image.served_model == "tiny"
        assert image.revision == "tiny:0"
        assert image.noise_scheduler == "DDIMScheduler"
        assert image.safety == {"policy": "off", "flagged": None}
        assert image.notes == ()
        assert image.engine_s > 0

    def test_a_stand_in_says_so(self, engine: StepEngine) -> None:
        image = image_of(engine, model_id="famous/model")
        assert image.served_model == "tiny"
        assert image.notes == ("tiny stood in for famous/model",)

    def test_a_long_prompt_is_noted(self, engine: StepEngine) -> None:
        image = image_of(engine, prompt="many more words than fit")
        assert image.notes == ("prompt of 20 tokens encoded in windows of 14",)

    def test_the_same_request_gives_the_same_image(self, engine: StepEngine) -> None:
        first, second = (image_of(engine, image_id=each).pixels for each in ("a", "b"))
        assert (first == second).all()

    def test_previews_are_small_jpegs_and_come_when_asked_for(self, engine: StepEngine) -> None:
        asked, silent = RecordingListener(), RecordingListener()
        engine.submit(request("asked", previews=True, width=128), asked)
        engine.submit(request("silent"), silent)
        until(lambda: asked.ended and silent.ended)
        previews = [event.preview_jpeg for event in asked.events if event.preview_jpeg]
        assert previews
        with Image.open(io.BytesIO(previews[0])) as preview:
            assert (preview.format, preview.size) == ("JPEG", (128, 64))
        assert not any(event.preview_jpeg for event in silent.events)


class TestRefusals:
    def test_unknown_model(self, engine: StepEngine) -> None:
        with pytest.raises(NotFound, match="Model not found: nobody/nothing"):
            engine.submit(request(model_id="nobody/nothing"), RecordingListener())

    def test_unknown_adapter(self, engine: StepEngine) -> None:
        with pytest.raises(NotFound, match="Adapter not found: oil"):
            engine.submit(request(lora="oil"), RecordingListener())

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
        assert listener.error.deadline_s == 5.0
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


class Deadly(FakeRunner):
    """Takes the whole thread down, as a bug in the engine itself would."""

    def step(self, batch: object) -> list[Exception | None]:
        raise SystemExit


class Stuck(FakeRunner):
    """A step that lasts until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.let_go = threading.Event(), threading.Event()

    def step(self, batch: Any) -> list[Exception | None]:
        self.entered.set()
        self.let_go.wait(30)
        return super().step(batch)


class TestHealth:
    def test_a_dead_thread_is_told_and_everyone_hears(self) -> None:
        engine = StepEngine(engine_config(), load=always(Deadly()))
        engine.start()
        listener = RecordingListener()
        engine.submit(request(), listener)
        until(lambda: listener.ended)
        assert isinstance(listener.error, ReplicaLost)
        with pytest.raises(GenerationFailed, match="SystemExit"):
            engine.check_health()
        with pytest.raises(ReplicaLost):
            engine.submit(request("late"), RecordingListener())
        engine.shutdown()

    def test_nothing_waits_for_a_long_step(self) -> None:
        runner = Stuck()
        engine = StepEngine(engine_config(), load=always(runner))
        engine.start()
        first, second = RecordingListener(), RecordingListener()
        engine.submit(request("first"), first)
        assert runner.entered.wait(30)
        engine.check_health()
        engine.submit(request("second"), second)
        engine.cancel("second")
        assert engine.stats().running == 1
        assert not second.ended
        runner.let_go.set()
        until(lambda: first.ended and second.ended)
        assert isinstance(second.error, Canceled)
        engine.shutdown()
        engine.check_health()

    def test_shutdown_does_not_wait_for_ever(self) -> None:
        runner = Stuck()
        engine = StepEngine(engine_config(), load=always(runner))
        engine.start()
        listener = RecordingListener()
        engine.submit(request(), listener)
        assert runner.entered.wait(30)
        engine.shutdown(timeout_s=0.05)
        assert isinstance(listener.error, Canceled)
        runner.let_go.set()
        until(lambda: threading.active_count() < 50)
        assert listener.ends == 1


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

            def decode(self, denoising: Denoising) -> DecodedImage:
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
