"""The engine that ships for tests: the real one, over a model of no cost."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.diffusion.config import EngineConfig
from engines.errors import Canceled, DeadlineExceeded, NotFound, Overloaded
from engines.testing.diffusion import FAKE_MODELS, FakeEngine, FakeRunner, fake_picture
from engines.types import GenerationRequest
from tests.engines.diffusion.rig import FakeClock, RecordingListener, drive, request

MODEL = FAKE_MODELS[0].id
ROOT = Path(__file__).resolve().parents[3]


def asked(image_id: str = "image", **changes: object) -> GenerationRequest:
    return request(image_id, **{"model_id": MODEL, **changes})


def made(engine: FakeEngine, *requests: GenerationRequest) -> list[RecordingListener]:
    listeners = [RecordingListener() for _ in requests]
    for each, listener in zip(requests, listeners, strict=True):
        engine.submit(each, listener)
    drive(engine, listeners)
    return listeners


def test_every_step_is_told_and_then_the_picture() -> None:
    (heard,) = made(FakeEngine(clock=FakeClock()), asked(num_inference_steps=5))
    assert heard.steps == [1, 2, 3, 4, 5]
    assert heard.image is not None
    assert heard.image.served_model == MODEL
    assert heard.image.safety == {"policy": "off", "flagged": None}
    assert np.array_equal(heard.image.pixels, fake_picture(asked()))


def test_a_picture_has_the_size_that_was_asked_for() -> None:
    (heard,) = made(FakeEngine(clock=FakeClock()), asked(width=96, height=72))
    assert heard.image is not None
    assert heard.image.pixels.shape == (72, 96, 3)
    assert heard.image.pixels.dtype == np.uint8


def test_prompt_negative_prompt_and_seed_decide_the_picture_and_nothing_else_does() -> None:
    plain = fake_picture(asked())
    assert np.array_equal(plain, fake_picture(asked("other", num_inference_steps=9)))
    for change in ({"prompt": "a cat"}, {"negative_prompt": "blurry"}, {"seed": 2}):
        assert not np.array_equal(plain, fake_picture(asked(**change)))


def test_requests_share_their_steps_as_in_production() -> None:
    engine = FakeEngine(clock=FakeClock())
    made(engine, asked("a"), asked("b"), asked("c", guidance_scale=1.0))
    stats = engine.stats()
    assert stats.steps_total == 3, "three steps for all, not three for each"
    assert stats.rows_total == 3 * (2 + 2 + 1), "a guided request has two rows"
    assert (stats.images_total, stats.running, stats.queued) == (3, 0, 0)


def test_the_stand_in_serves_what_the_reference_names() -> None:
    (heard,) = made(FakeEngine(clock=FakeClock()), asked(model_id="runwayml/stable-diffusion-v1-5"))
    assert heard.image is not None
    assert heard.image.served_model == MODEL


def test_previews_are_small_pictures_of_it() -> None:
    clock = FakeClock(100.0)
    (heard,) = made(FakeEngine(clock=clock), asked(previews=True, width=256, height=128))
    (jpeg, *_) = [event.preview_jpeg for event in heard.events if event.preview_jpeg]
    with Image.open(io.BytesIO(jpeg)) as preview:
        assert preview.format == "JPEG"
        assert preview.width == 2 * preview.height
        assert preview.width < 256


def test_a_canceled_request_ends_as_canceled() -> None:
    engine, heard = FakeEngine(clock=FakeClock()), RecordingListener()
    engine.submit(asked(num_inference_steps=50), heard)
    engine.step()
    engine.cancel("image")
    drive(engine, [heard])
    assert isinstance(heard.error, Canceled)
    assert engine.stats().canceled_total == 1


def test_a_request_that_is_late_is_given_up() -> None:
    clock = FakeClock()
    engine, heard = FakeEngine(clock=clock), RecordingListener()
    engine.submit(asked(num_inference_steps=50, deadline_s=2.0), heard)
    engine.step()
    clock.advance(2.5)
    drive(engine, [heard])
    assert isinstance(heard.error, DeadlineExceeded)


def test_a_full_queue_refuses_and_a_model_that_is_not_there_is_not_found() -> None:
    config = EngineConfig(models=FAKE_MODELS, max_queued=1)
    engine = FakeEngine(config=config, clock=FakeClock())
    engine.submit(asked("first"), RecordingListener())
    with pytest.raises(Overloaded):
        engine.submit(asked("second"), RecordingListener())
    with pytest.raises(NotFound):
        engine.submit(asked("third", model_id="nobody/nothing"), RecordingListener())


def test_the_runner_counts_what_it_is_asked_to_do() -> None:
    runner = FakeRunner()
    one, two = runner.start([asked("a", guidance_scale=1.0), asked("b")])
    assert (one.rows, two.rows) == (1, 2)
    assert runner.step([one, two]) == [None, None]
    assert (one.evaluations_done, one.evaluations_total) == (1, 3)
    assert np.array_equal(runner.decode(two).pixels, fake_picture(asked("b")))


def test_it_needs_no_torch() -> None:
    code = (
        "import sys\n"
        "from engines.testing.diffusion import FakeEngine\n"
        "FakeEngine()\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
