"""Guidance means what the model's config says, and its contrast is taken back row by row."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg
from pydantic import ValidationError

from engines.diffusion.backends.whole_call import WholeCallRunner
from engines.diffusion.config import ModelEntry, TinySource
from engines.diffusion.contract import RunnerInfo
from engines.diffusion.engine import StepEngine
from engines.diffusion.model_options import GuidanceOptions
from engines.diffusion.models import tiny
from engines.diffusion.sampling.advancing import rescaled
from engines.diffusion.scheduling.guidance import as_drawn, note
from engines.diffusion.sizes import SizeRule
from engines.types import GeneratedImage, GenerationRequest
from tests.engines.diffusion.faults import always
from tests.engines.diffusion.rig import (
    FakeClock,
    RecordingListener,
    drive,
    engine_config,
    request,
    tiny_entry,
)

GAIN = 0.154
TOLERANCE = 1
"""Of 255, as in test_equivalence."""


def generated(entry: ModelEntry, *requests: GenerationRequest, **how: Any) -> list[GeneratedImage]:
    """All of them through one engine, in shared steps."""
    engine = StepEngine(engine_config(entry), FakeClock(), **how)
    listeners = [RecordingListener() for _ in requests]
    for wanted, listener in zip(requests, listeners, strict=True):
        engine.submit(wanted, listener)
    drive(engine, listeners)
    engine.shutdown()
    return [listener.image for listener in listeners if listener.image is not None]


def plain(pipe: Any, wanted: GenerationRequest, scale: float, rescale: float) -> Any:
    pipe.set_progress_bar_config(disable=True)
    return np.asarray(
        pipe(
            wanted.prompt,
            negative_prompt=wanted.negative_prompt,
            width=wanted.width,
            height=wanted.height,
            num_inference_steps=wanted.num_inference_steps,
            guidance_scale=scale,
            guidance_rescale=rescale,
            generator=torch.Generator("cpu").manual_seed(wanted.seed),
        ).images[0]
    ).astype(int)


def test_the_customary_scale_means_two_at_the_embedded_models_gain() -> None:
    options = GuidanceOptions(gain=GAIN)
    assert options.effective(7.5) == pytest.approx(2.0, abs=0.01)
    assert options.effective(1.0) == 1.0
    assert options.effective(0.0) <= 1, "without guidance stays without"
    scales = [options.effective(scale / 4) for scale in range(120)]
    assert scales == sorted(set(scales)), "more guidance is always more"


@pytest.mark.parametrize("scale", [0.0, 0.3, 1.0, 7.5, 29.99])
def test_without_a_gain_the_scale_is_as_asked(scale: float) -> None:
    assert as_drawn(request(guidance_scale=scale), tiny_entry()).guidance_scale == scale
    assert note(scale, scale) is None


@pytest.mark.parametrize("gain", [0, -1, 11, float("nan"), float("inf")])
def test_a_gain_without_sense_is_refused(gain: float) -> None:
    with pytest.raises(ValidationError):
        GuidanceOptions(gain=gain)


@pytest.mark.parametrize("rescale", [-0.1, 1.1, float("nan")])
def test_an_entrys_rescale_is_a_share(rescale: float) -> None:
    with pytest.raises(ValidationError):
        tiny_entry(guidance_rescale=rescale)


@pytest.mark.slow
def test_a_mapped_picture_is_the_plain_pipelines_at_the_effective_scale() -> None:
    entry = tiny_entry(guidance=GuidanceOptions(gain=GAIN))
    wanted = request(num_inference_steps=6, negative_prompt="blurry")
    image, again = (generated(entry, wanted)[0] for _ in range(2))
    pipe = tiny.build_tiny_pipeline()
    at_two = plain(pipe, wanted, entry.guidance.effective(7.5), 0)
    assert np.abs(image.pixels - at_two).max() <= TOLERANCE
    assert np.abs(plain(pipe, wanted, 7.5, 0) - at_two).max() > 2 * TOLERANCE
    assert (image.pixels == again.pixels).all(), "same seed, same picture"


def test_the_reader_is_told_both_scales() -> None:
    entry = tiny_entry(guidance=GuidanceOptions(gain=GAIN))
    image = generated(entry, request(guidance_scale=7.5))[0]
    assert "guidance_scale 7.5 means 2.001 for this model" in image.notes
    assert image.guidance == {"scale": 2.001, "rescale": None}
    untouched = generated(tiny_entry(), request(guidance_rescale=0.5))[0]
    assert untouched.guidance == {"scale": 7.5, "rescale": 0.5}
    assert untouched.notes == ()


def test_what_a_request_says_comes_before_the_models_own_rescale() -> None:
    entry = tiny_entry(guidance_rescale=0.7)
    assert as_drawn(request(), entry).guidance_rescale == 0.7
    assert as_drawn(request(guidance_rescale=0.0), entry).guidance_rescale == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("family", ["sd", "sdxl"])
def test_rows_of_one_step_are_rescaled_each_its_own_way(family: Any) -> None:
    xl = family == "sdxl"
    pipe: Any = tiny.build_tiny_xl_pipeline() if xl else tiny.build_tiny_pipeline()
    chance = random.Random(5)
    requests = [
        request(
            f"row-{index}",
            guidance_scale=scale,
            guidance_rescale=rescale,
            seed=chance.randrange(2**53),
            num_inference_steps=4,
        )
        for index, (scale, rescale) in enumerate(
            [(7.5, 0.7), (7.5, None), (1.0, 0.7), (12.0, 1.0), (3.0, 0.0), (5.0, 0.2)]
        )
    ]
    entry = tiny_entry(source=TinySource(family=family))
    images = generated(entry, *requests)
    assert len(images) == len(requests)
    for wanted, image in zip(requests, images, strict=True):
        expected = plain(pipe, wanted, wanted.guidance_scale, wanted.guidance_rescale or 0.0)
        assert np.abs(image.pixels - expected).max() <= TOLERANCE
    without = plain(pipe, requests[0], 7.5, 0)
    assert np.abs(images[0].pixels - without).max() > 2 * TOLERANCE, "the tiny model heeds it"


def test_the_formula_is_diffusers_own_for_each_row() -> None:
    generator = torch.Generator().manual_seed(0)
    guided, conditional = torch.randn(2, 3, 4, 8, 8, generator=generator)
    made = rescaled(3 * guided, conditional, [0.0, 0.4, 1.0])
    assert torch.equal(made[0], 3 * guided[0])
    for row, amount in ((1, 0.4), (2, 1.0)):
        expected = rescale_noise_cfg(3 * guided[[row]], conditional[[row]], amount)
        torch.testing.assert_close(made[[row]], expected)


def test_a_prediction_without_spread_stays_finite() -> None:
    assert rescaled(torch.zeros(1, 4, 2, 2), torch.ones(1, 4, 2, 2), [0.7]).isfinite().all()


def test_other_pipelines_take_it_by_their_own_parameter() -> None:
    pipe: Any = tiny.build_tiny_pipeline()
    runner = WholeCallRunner(pipe, RunnerInfo("DDIMScheduler", None, 1, SizeRule(8)))
    entry = tiny_entry(guidance=GuidanceOptions(gain=0.5), guidance_rescale=0.7)
    image = generated(entry, request(), load=always(runner))[0]
    assert (image.pixels == plain(pipe, request(), 4.25, 0.7)).all()


class NoRescale:
    """A pipeline of a prompt only."""

    def __init__(self, scheduler: Any) -> None:
        self.components = {"scheduler": scheduler}

    def set_progress_bar_config(self, disable: bool) -> None:
        """It shows none."""

    def __call__(
        self,
        prompt: str,
        guidance_scale: float,
        height: int,
        width: int,
        num_inference_steps: int,
        callback_on_step_end: Any,
        output_type: str,
    ) -> Any:
        for step in range(num_inference_steps):
            callback_on_step_end(self, step, 0, {})

        class Output:
            images = torch.full((1, 3, height, width), 0.5)

        return Output


def test_a_pipeline_without_it_says_so_only_when_it_was_asked_for() -> None:
    scheduler = tiny.build_tiny_pipeline().scheduler
    runner = WholeCallRunner(NoRescale(scheduler), RunnerInfo("x", None, 1, SizeRule(8)))
    asked, plain_one = generated(
        tiny_entry(),
        request("asked", guidance_rescale=0.3),
        request("plain"),
        load=always(runner),
    )
    assert asked.notes == ("NoRescale has no guidance_rescale",)
    assert plain_one.notes == ()
