"""What a caller gets of the engine, on its own thread, over the tiny model."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from engines.diffusion.engine import StepEngine
from engines.errors import NotFound
from engines.protocols import DiffusionEngine
from engines.types import GeneratedImage
from tests.engines.diffusion.rig import (
    FakeClock,
    RecordingListener,
    drive,
    engine_config,
    request,
    tiny_entry,
)
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def engine() -> Iterator[StepEngine]:
    entry = tiny_entry(aliases=("other-name",), stand_in_for=("famous/model",), load_at_start=True)
    engine = StepEngine(engine_config(entry))
    engine.start()
    yield engine
    engine.shutdown()


def image_of(engine: StepEngine, **changes: Any) -> GeneratedImage:
    listener = RecordingListener()
    engine.submit(request(**changes), listener)
    wait_for(lambda: listener.ended)
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

    def test_it_says_where_its_time_went(self) -> None:
        clock = FakeClock()
        engine = StepEngine(engine_config(), clock)
        loads_the_model, listener = RecordingListener(), RecordingListener()
        engine.submit(request("first"), loads_the_model)
        drive(engine, [loads_the_model])
        engine.submit(request(num_inference_steps=3), listener)
        clock.advance(2.0)
        while not listener.ended:
            engine.step()
            clock.advance(1.0)
        assert listener.image is not None
        timing = listener.image.timing
        assert timing.queued_s == 2.0
        assert timing.denoising_s == 2.0  # three steps, a second between one and the next
        whole = timing.queued_s + timing.denoising_s + timing.waiting_s + timing.decoding_s
        assert whole == listener.image.engine_s
        engine.shutdown()

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
        wait_for(lambda: asked.ended and silent.ended)
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
