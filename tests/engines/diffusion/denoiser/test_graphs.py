"""Recorded forwards stand in for the denoiser's own, and change no picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from engines.diffusion.backends.sd import StableDiffusionFamily
from engines.diffusion.backends.sdxl import StableDiffusionXLFamily
from engines.diffusion.config import FolderSource, LoraEntry
from engines.diffusion.decoding.decode import Decoder
from engines.diffusion.denoiser.graphs import MOST_GRAPHS, GraphedDenoiser, Recording
from engines.diffusion.models import tiny
from engines.diffusion.models.loading import load_runner, runner_over
from engines.diffusion.models.loras import LoraSwitch
from engines.diffusion.sampling.runner import ModelRunner
from engines.diffusion.sampling.text import PromptEncoder
from engines.types import GenerationRequest
from tests.engines.diffusion.rig import engine_config, request, tiny_entry

ADAPTERS = (LoraEntry(name="a", source=FolderSource(path="a")),)


class Rerunning:
    """Implements `Recorder` without CUDA: a replay runs the forward again over the same memory."""

    def __init__(self) -> None:
        self.recordings = 0
        self.replays = 0

    def record(self, forward: Callable[[], torch.Tensor]) -> Recording:
        self.recordings += 1
        output = forward()

        def replay() -> None:
            self.replays += 1
            output.copy_(forward())

        return Recording(replay, output)


def runner(family: Any) -> ModelRunner:
    plain = runner_over(family.pipe, tiny_entry(), engine_config())
    return ModelRunner(
        family,
        family.pipe.scheduler,
        plain.info,
        PromptEncoder(family, "chunk", 64),
        Decoder(family.decode),
        LoraSwitch(family.pipe, (), Path()),
    )


def company(size: int) -> list[GenerationRequest]:
    guidance = (7.5, 1.0, 4.0)
    return [
        request(str(index), seed=index, guidance_scale=guidance[index % 3]) for index in range(size)
    ]


def latents(made: ModelRunner, sizes: tuple[int, ...] = (3, 1, 3)) -> list[torch.Tensor]:
    """After two steps of each company, one after another."""
    found = []
    for size in sizes:
        states = made.start(company(size))
        for _ in range(2):
            assert made.step(states) == [None] * size
        found += [each.latents for each in states]
    return found


@pytest.mark.parametrize(
    ("kind", "build"),
    [
        (StableDiffusionFamily, tiny.build_tiny_pipeline),
        (StableDiffusionXLFamily, tiny.build_tiny_xl_pipeline),
    ],
)
def test_latents_are_those_of_the_denoiser_itself(kind: Any, build: Callable[[], Any]) -> None:
    pipe, recorder = build(), Rerunning()
    graphed = runner(kind(pipe, GraphedDenoiser(pipe.unet, recorder, most_rows=8)))
    for ours, plain in zip(latents(graphed), latents(runner(kind(pipe))), strict=True):
        assert torch.equal(ours, plain)
    assert recorder.recordings == 2, "one for five rows, one for two"
    assert recorder.replays == 6, "every step replays"


def test_steps_of_more_rows_run_as_they_are() -> None:
    pipe, recorder = tiny.build_tiny_pipeline(), Rerunning()
    graphed = runner(StableDiffusionFamily(pipe, GraphedDenoiser(pipe.unet, recorder, 4)))
    latents(graphed, (3,))
    assert recorder.recordings == 0
    latents(graphed, (1,))
    assert recorder.recordings == 1


def test_a_prediction_is_not_overwritten_by_the_next() -> None:
    graphed = GraphedDenoiser(lambda sample, *_, **__: (sample * 2,), Rerunning(), 8)
    states = torch.zeros(1, 1, 1)
    first = graphed(torch.ones(1), torch.ones(1), encoder_hidden_states=states)[0]
    second = graphed(torch.full((1,), 5.0), torch.ones(1), encoder_hidden_states=states)[0]
    assert (first.item(), second.item()) == (2.0, 10.0)


def test_shapes_beyond_the_bound_are_not_recorded() -> None:
    recorder = Rerunning()
    graphed = GraphedDenoiser(lambda sample, *_, **__: (sample * 2,), recorder, 8)
    for length in range(MOST_GRAPHS + 3):
        states = torch.zeros(1, length, 1)
        out = graphed(torch.ones(1), torch.ones(1), encoder_hidden_states=states)[0]
        assert out.item() == 2.0
    assert recorder.recordings == MOST_GRAPHS


def test_without_cuda_it_is_said() -> None:
    entry = tiny_entry(cuda_graph_rows=8)
    (note,) = load_runner(entry, engine_config(entry), Path()).info.notes
    assert note == "CUDA graphs need CUDA, the device is cpu; steps run without them"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"loras": (LoraEntry(name="a", source=FolderSource(path="a")),)},
            "cannot switch adapters",
        ),
        ({"torch_compile": "reduce-overhead"}, "has its own CUDA graphs"),
    ],
)
def test_what_a_graph_cannot_do_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        tiny_entry(cuda_graph_rows=8, **changes)
