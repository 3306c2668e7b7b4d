"""A recorded denoiser gives the same bits as the denoiser itself, or it is not used."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from engines.diffusion.denoiser.traced import CLOSE, GAIN, WORTH_S, Backend, TracedDenoiser
from engines.diffusion.models import tiny
from engines.diffusion.models.loading import load_runner, runner_over
from engines.diffusion.sampling.runner import ModelRunner
from tests.engines.diffusion.rig import engine_config, request, tiny_entry

Replay = Callable[..., torch.Tensor]


class Stopwatch:
    """A clock whose every second reading is later by the next of `seconds`, again and again."""

    def __init__(self, *seconds: float) -> None:
        self._ticks = self._readings(seconds)

    def __call__(self) -> float:
        return next(self._ticks)

    @staticmethod
    def _readings(seconds: tuple[float, ...]) -> Iterator[float]:
        now_s = 0.0
        while True:
            for each in seconds:
                yield now_s
                now_s += each
                yield now_s


class Doubling:
    """In place of a UNet: twice the latents; counts its forwards."""

    def __init__(self) -> None:
        self.forwards = 0

    def __call__(self, sample: torch.Tensor, *_: Any, **__: Any) -> tuple[torch.Tensor]:
        self.forwards += 1
        return (2 * sample,)


def called(denoiser: TracedDenoiser, rows: int = 2, size: int = 8) -> torch.Tensor:
    latents = torch.arange(rows * 4 * size * size, dtype=torch.float32)
    return denoiser(
        latents.view(rows, 4, size, size),
        torch.full((rows,), 500),
        encoder_hidden_states=torch.ones(rows, 77, 8),
    )[0]


def chosen(
    backend: Backend, clock: Stopwatch, replay: Replay = lambda sample, *_: 2 * sample
) -> tuple[TracedDenoiser, Doubling]:
    """A denoiser after it has chosen, and the UNet below it."""
    unet = Doubling()
    denoiser = TracedDenoiser(unet, backend, clock, {"traced": lambda _module, _inputs: replay})
    called(denoiser)
    denoiser.choose()
    return denoiser, unet


def stepped(runner: ModelRunner, sizes: tuple[int, ...] = (64, 64, 96)) -> list[torch.Tensor]:
    """Latents of companies of one to three guided and unguided requests after two steps."""
    found = []
    for count, side_px in enumerate(sizes, start=1):
        requests = [
            request(
                str(index),
                seed=index,
                guidance_scale=(7.5, 1.0, 4.0)[index],
                width=side_px,
                height=64,
            )
            for index in range(count)
        ]
        states = runner.start(requests)
        for _ in range(2):
            assert runner.step(states) == [None] * count
        found += [each.latents for each in states]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("build", [tiny.build_tiny_pipeline, tiny.build_tiny_xl_pipeline])
def test_images_of_a_recorded_model_have_the_same_bits_in_every_company(
    build: Callable[[int], Any],
) -> None:
    plain = runner_over(build(0), tiny_entry(backend="native"), engine_config())
    recorded = runner_over(build(0), tiny_entry(backend="traced"), engine_config())
    assert isinstance(plain, ModelRunner)
    assert isinstance(recorded, ModelRunner)
    plain.warm()
    recorded.warm()
    first, second = stepped(recorded), stepped(recorded)  # computed both ways, then replayed
    for expected, compared, replayed in zip(stepped(plain), first, second, strict=True):
        assert torch.equal(expected, compared)
        assert torch.equal(expected, replayed)


@pytest.mark.slow
def test_a_recorded_model_runs_without_the_unets_own_code() -> None:
    pipe = tiny.build_tiny_pipeline(0)
    runner = runner_over(pipe, tiny_entry(backend="traced"), engine_config())
    assert isinstance(runner, ModelRunner)
    runner.warm()
    stepped(runner)
    forwards = []
    pipe.unet.register_forward_hook(lambda *_: forwards.append(1))
    stepped(runner)
    assert forwards == []


@pytest.mark.slow
def test_a_closed_model_with_a_recording_leaves_memory() -> None:
    pipe = tiny.build_tiny_pipeline(0)
    weight = weakref.ref(pipe.unet.conv_in.weight)
    runner = runner_over(pipe, tiny_entry(backend="traced"), engine_config())
    runner.warm()
    runner.close()
    del pipe, runner
    gc.collect()
    assert weight() is None


def test_the_quicker_way_is_taken() -> None:
    quick, _ = chosen("auto", Stopwatch(0.02, 0.02, 0.01, 0.02, 0.01, 0.02, 0.01))
    assert quick.chosen == "traced"
    nothing_gained = 0.02 * (1 + GAIN) / 2
    slow, _ = chosen("auto", Stopwatch(0.02, *(0.02, nothing_gained, 0.02, 0.02, 0.02, 0.02)))
    assert slow.chosen == "native"


def test_one_step_that_was_disturbed_decides_nothing() -> None:
    denoiser, _ = chosen("auto", Stopwatch(0.02, 0.02, 0.9, 0.02, 0.01, 0.02, 0.9))
    assert denoiser.chosen == "traced"


def test_a_denoiser_whose_step_is_long_is_not_recorded() -> None:
    denoiser, unet = chosen("auto", Stopwatch(2 * WORTH_S))
    assert (denoiser.chosen, unet.forwards) == ("native", 2)
    assert chosen("traced", Stopwatch(2 * WORTH_S))[0].chosen == "traced"


def test_the_config_can_keep_to_python() -> None:
    denoiser, unet = chosen("native", Stopwatch(0.02, 0.01))
    assert (denoiser.chosen, unet.forwards) == ("native", 1)


def test_a_recording_with_other_numbers_is_not_used() -> None:
    denoiser, _ = chosen("traced", Stopwatch(0.01), lambda sample, *_: 2 * sample + 1)
    assert denoiser.chosen == "native"


def test_a_shape_for_which_a_recording_errs_is_never_replayed() -> None:
    """The recording holds a size as it was: other sizes differ in one number, or do not fit."""

    def replay(sample: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        if sample.shape[-1] == 32:
            raise RuntimeError("sizes of tensors must match")
        prediction = 2 * sample
        prediction[0, 0, 0, 0] += float(sample.shape[-1] == 16)
        return prediction

    denoiser, unet = chosen("traced", Stopwatch(0.01), replay)
    for size, replayed in ((8, True), (16, False), (32, False)):
        compared = called(denoiser, size=size)
        before = unet.forwards
        again = called(denoiser, size=size)
        assert (unet.forwards == before) is replayed
        assert torch.equal(again, compared)


def test_a_denoiser_that_cannot_be_recorded_runs_as_it_is() -> None:
    def refuse(_module: torch.nn.Module, _inputs: tuple[torch.Tensor, ...]) -> Replay:
        raise NotImplementedError("no such operator")

    denoiser = TracedDenoiser(Doubling(), "traced", records={"traced": refuse})
    expected = called(denoiser)
    denoiser.choose()
    assert denoiser.chosen == "native"
    assert torch.equal(called(denoiser), expected)


def test_adapters_and_compilers_run_the_denoiser_itself(tmp_path: Any) -> None:
    runner = load_runner(
        tiny_entry(backend="traced", torch_compile="default", compile_backend="eager"),
        engine_config(),
        tmp_path,
    )
    assert isinstance(runner, ModelRunner)
    assert runner.family.denoiser is runner.family.pipe.unet


@pytest.mark.slow
def test_images_of_onnx_runtime_differ_by_one_of_255_at_most_and_say_so() -> None:
    entry = tiny_entry(backend="onnx")
    plain = runner_over(tiny.build_tiny_pipeline(0), tiny_entry(backend="native"), engine_config())
    other = runner_over(tiny.build_tiny_pipeline(0), entry, engine_config())
    assert isinstance(plain, ModelRunner)
    assert isinstance(other, ModelRunner)
    images = []
    for runner in (plain, other):
        runner.warm()
        states = runner.start([request("a", guidance_scale=7.5), request("b", seed=1)])
        while states[0].evaluations_done < states[0].evaluations_total:
            runner.step(states)
        images.append(runner.decode(states[0]))
    assert np.abs(images[0].pixels.astype(int) - images[1].pixels).max() <= 1
    assert "The steps ran in ONNX Runtime" in images[1].notes
    assert "The steps ran in ONNX Runtime" not in images[0].notes


def test_without_what_onnx_needs_the_recording_of_torchscript_is_taken() -> None:
    def absent(_module: torch.nn.Module, _inputs: tuple[torch.Tensor, ...]) -> Replay:
        raise ImportError("No module named 'onnx'")

    denoiser = TracedDenoiser(
        Doubling(), "onnx", records={"onnx": absent, "traced": lambda *_: lambda x, *_: 2 * x}
    )
    called(denoiser)
    denoiser.choose()
    assert (denoiser.chosen, denoiser.note) == ("traced", None)


def test_only_the_last_digits_may_differ_in_onnx_runtime() -> None:
    def off_by(part: float) -> TracedDenoiser:
        denoiser = TracedDenoiser(
            Doubling(),
            "onnx",
            records={
                "onnx": lambda *_: lambda x, *_: 2 * x + part * 2 * x.max(),
                "traced": lambda *_: lambda x, *_: 2 * x,
            },
        )
        called(denoiser)
        denoiser.choose()
        return denoiser

    assert off_by(0.5 * CLOSE).chosen == "onnx"
    assert off_by(2 * CLOSE).chosen == "traced"
