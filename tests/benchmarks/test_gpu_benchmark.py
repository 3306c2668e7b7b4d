"""The GPU benchmark: its architectures are the published ones, and its code runs."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
import torch

from benchmarks import architectures
from benchmarks.architectures import TINY
from benchmarks.gpu import Bench, Setting, saved


def parameters(module: torch.nn.Module) -> int:
    return sum(each.numel() for each in module.parameters())


def test_the_architectures_have_the_published_numbers_of_parameters() -> None:
    """As the checkpoints' safetensors headers sum up; on the meta device nothing is allocated."""
    with torch.device("meta"):
        assert parameters(architectures.sd15_unet()) == 859_520_964
        assert parameters(architectures.sdxl_unet()) == 2_567_463_684
        assert parameters(architectures.kl_vae(0.18215)) == 83_653_863


@pytest.mark.parametrize("name", ["sd15", "sdxl"])
def test_every_column_is_filled(name: str, tmp_path: Path) -> None:
    chosen = argparse.Namespace(device="cpu", dtype="float32", repeats=2, steps=3, batches=[1, 3])
    bench = Bench(chosen)
    folder = saved(TINY[name], bench.device, "float32", tmp_path)
    lines = list(bench.rows(Setting(TINY[name], "native", "off"), folder))
    assert len(lines) == 2
    for batch, line in zip((1, 3), lines, strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[:5] == [TINY[name].name, "native", "off", str(batch), str(2 * batch)]
        assert all(float(cell) > 0 for cell in cells[5:9])
        assert cells[9] == "-", "there is no device memory to measure"


def test_a_backend_that_is_not_there_is_said(tmp_path: Path) -> None:
    chosen = argparse.Namespace(device="cpu", dtype="float32", repeats=1, steps=1, batches=[1])
    bench = Bench(chosen)
    folder = saved(TINY["sd15"], bench.device, "float32", tmp_path)
    (line,) = bench.rows(Setting(TINY["sd15"], "xformers", "off"), folder)
    assert "xformers is not available (it needs CUDA" in line
