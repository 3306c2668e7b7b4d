"""On a CUDA device: a recorded step of the denoiser's training does what a launched one does."""

from __future__ import annotations

import importlib

import pytest
import torch

from tests.training.world import NARROW, a_cache, options
from training.denoise import Training
from training.running.choose import a_batch
from training.running.steps import Way
from training.workshop import Options

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]
STEPS = 12


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Options:
    given = options(a_cache(tmp_path_factory.mktemp("training")))
    return Options(given.cache, 0, "cuda", 0, 8, widths=NARROW)


def losses(told: Options, way: Way) -> list[float]:
    training, batch = Training(told, 1e-3, way), a_batch(way.batch, "cuda")
    torch.cuda.manual_seed(1)
    found = [float(training.steps(*batch)) for _ in range(STEPS)]
    assert training.steps.recorded == way.graphed
    return found


@pytest.mark.parametrize("channels_last", [True, False])
def test_recorded_steps_learn_as_launched_ones(told: Options, channels_last: bool) -> None:
    launched = losses(told, Way(8, channels_last=channels_last))
    recorded = losses(told, Way(8, graphed=True, channels_last=channels_last))
    assert recorded[-1] < recorded[0]
    assert sum(recorded) == pytest.approx(sum(launched), rel=0.2)


def test_other_grids_are_recorded_beside(told: Options) -> None:
    training = Training(told, 1e-3, Way(8, graphed=True))
    clean, tokens = a_batch(8, "cuda")
    for _ in range(3):
        for part in (clean, clean[:4, :, :8, :8], clean[:4]):
            loss = training.steps(part, tokens[: len(part)])
            assert 0 < float(loss) < 10
    assert training.steps.recorded


@pytest.mark.parametrize(("height", "width"), [(128, 128), (256, 384), (96, 64)])
def test_one_kernel_composes_as_the_composer_does(height: int, width: int) -> None:
    pytest.importorskip("triton")
    fused = importlib.import_module("training.pictures.fused")
    assert fused.difference("cuda", 8, height, width) < fused.TOLERANCE
