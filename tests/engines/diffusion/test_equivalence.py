"""Proof (a): a picture does not depend on who shares its steps.

Every image of a random mix (steps, guidance, sizes, seeds, prompts, arrival times, canceled
neighbors) is compared with plain `StableDiffusionPipeline` called alone with the same
parameters. Tolerance on the CPU in float32: 1 of 255 in any channel of any pixel; the order of
float additions depends on the batch size, nothing else does.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pytest
import torch

from engines.diffusion.config import NoiseSchedulerName, TinySource
from engines.diffusion.engine import StepEngine
from engines.diffusion.models import tiny
from engines.diffusion.sampling import noise_schedules
from engines.errors import Canceled
from engines.types import GenerationRequest
from tests.engines.diffusion.rig import (
    FakeClock,
    RecordingListener,
    drive,
    engine_config,
    request,
    tiny_entry,
)

if TYPE_CHECKING:
    from engines.types import Pixels

TOLERANCE = 1
NAMES: tuple[NoiseSchedulerName, ...] = get_args(NoiseSchedulerName)


def plain_pipeline(name: NoiseSchedulerName | None, xl: bool = False) -> Any:
    pipe: Any = tiny.build_tiny_xl_pipeline() if xl else tiny.build_tiny_pipeline()
    pipe.scheduler = noise_schedules.chosen(name, pipe.scheduler)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def plain_picture(pipe: Any, wanted: GenerationRequest) -> Pixels:
    image = pipe(
        wanted.prompt,
        negative_prompt=wanted.negative_prompt,
        width=wanted.width,
        height=wanted.height,
        num_inference_steps=wanted.num_inference_steps,
        guidance_scale=wanted.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(wanted.seed),
    ).images[0]
    return np.asarray(image)


def difference(left: Pixels, right: Pixels) -> int:
    assert left.shape == right.shape
    return int(np.abs(left.astype(int) - right.astype(int)).max())


def random_requests(count: int, seed: int) -> list[GenerationRequest]:
    chance = random.Random(seed)
    return [
        request(
            f"image-{index}",
            prompt=chance.choice(["a fox", "red car", "sea at dawn", "x"]),
            negative_prompt=chance.choice([None, "", "blurry"]),
            width=chance.choice([64, 64, 64, 72]),
            height=chance.choice([64, 64, 64, 96]),
            num_inference_steps=chance.randint(2, 6),
            guidance_scale=chance.choice([0.0, 1.0, 1.5, 4.0, 7.5]),
            seed=chance.randrange(2**53),
        )
        for index in range(count)
    ]


def generate_mixed(
    engine: StepEngine, requests: list[GenerationRequest], cancel: set[int], seed: int
) -> list[RecordingListener]:
    """Submit at random turns, cancel some after a random number of turns, drive to the end."""
    chance = random.Random(seed)
    listeners = [RecordingListener() for _ in requests]
    for index, (wanted, listener) in enumerate(zip(requests, listeners, strict=True)):
        engine.submit(wanted, listener)
        for _ in range(chance.randint(0, 3)):
            engine.step()
        if index in cancel:
            engine.cancel(wanted.place)
    drive(engine, listeners)
    return listeners


@pytest.mark.parametrize("name", [None, *NAMES])
def test_mixed_batches_equal_plain_diffusers(name: NoiseSchedulerName | None) -> None:
    engine = StepEngine(engine_config(tiny_entry(name), max_step_latent_px=700), FakeClock())
    requests = random_requests(6, seed=7)
    listeners = generate_mixed(engine, requests, cancel={2}, seed=11)
    pipe = plain_pipeline(name)
    compared = 0
    for index, (wanted, listener) in enumerate(zip(requests, listeners, strict=True)):
        if listener.image is None:
            assert index == 2
            assert isinstance(listener.error, Canceled)
            continue
        compared += 1
        assert listener.image.noise_scheduler == type(pipe.scheduler).__name__
        assert difference(listener.image.pixels, plain_picture(pipe, wanted)) <= TOLERANCE
    assert compared >= 5
    engine.shutdown()


@pytest.mark.slow
def test_many_random_mixes_with_the_own_noise_scheduler() -> None:
    engine = StepEngine(engine_config(max_step_latent_px=1500), FakeClock())
    pipe = plain_pipeline(None)
    for mix in range(2):
        requests = random_requests(8, seed=100 + mix)
        listeners = generate_mixed(engine, requests, cancel=set(), seed=mix)
        for wanted, listener in zip(requests, listeners, strict=True):
            assert listener.image is not None
            assert difference(listener.image.pixels, plain_picture(pipe, wanted)) <= TOLERANCE
    assert engine.stats().rows_total > 1.5 * engine.stats().steps_total, "nothing was batched"
    engine.shutdown()


@pytest.mark.parametrize("name", [None, "euler", "dpmsolver++"])
def test_xl_equals_plain_diffusers(name: NoiseSchedulerName | None) -> None:
    entry = tiny_entry(name, source=TinySource(family="sdxl"))
    engine = StepEngine(engine_config(entry, max_step_latent_px=700), FakeClock())
    requests = random_requests(5, seed=21)
    listeners = generate_mixed(engine, requests, cancel=set(), seed=3)
    pipe = plain_pipeline(name, xl=True)
    for wanted, listener in zip(requests, listeners, strict=True):
        assert listener.image is not None
        assert difference(listener.image.pixels, plain_picture(pipe, wanted)) <= TOLERANCE
    engine.shutdown()


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "red car"},
        {"negative_prompt": "blurry"},
        {"seed": 2},
        {"guidance_scale": 4.0},
        {"num_inference_steps": 4},
    ],
)
def test_the_tiny_model_heeds_every_parameter(change: dict[str, Any]) -> None:
    """Without this the proof above would hold for an engine that ignored the parameter."""
    pipe = plain_pipeline(None)
    changed = plain_picture(pipe, request(**change))
    assert difference(plain_picture(pipe, request()), changed) > 2 * TOLERANCE


def test_half_precision_gives_the_same_picture_in_any_batch() -> None:
    """In bfloat16 a batch may change the last bit of 8; a few levels of 255 come of it."""
    engine = StepEngine(engine_config(tiny_entry(dtype="bfloat16")), FakeClock())
    alone = RecordingListener()
    engine.submit(request("alone"), alone)
    drive(engine, [alone])
    together = [RecordingListener() for _ in range(4)]
    for index, listener in enumerate(together):
        engine.submit(request(f"together-{index}", seed=1 + index), listener)
    drive(engine, together)
    assert alone.image is not None
    assert together[0].image is not None
    assert difference(alone.image.pixels, together[0].image.pixels) <= 16
    engine.shutdown()
