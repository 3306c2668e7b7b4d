"""The GPU benchmark: its architectures are the published ones, and every cell of it runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest
import torch

from benchmarks import architectures
from benchmarks.architectures import FULL_SIZE, TINY
from benchmarks.gpu import cells
from benchmarks.gpu.__main__ import Run, main
from benchmarks.gpu.bed import Bed, Setup
from benchmarks.gpu.plan import Cell, planned
from benchmarks.gpu.report import Report

pytestmark = pytest.mark.slow

SD15, SDXL = TINY["sd15"], TINY["sdxl"]
LONGEST_ROWS = 8
"""Of the cells run here; more rows are the same code."""


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    made = Bed(torch.device("cpu"), calm_s=0.0)
    yield made
    made.close()


def parameters(module: torch.nn.Module) -> int:
    return sum(each.numel() for each in module.parameters())


def test_the_architectures_have_the_published_numbers_of_parameters() -> None:
    """As the checkpoints' safetensors headers sum up; on the meta device nothing is allocated."""
    with torch.device("meta"):
        assert parameters(architectures.sd15_unet()) == 859_520_964
        assert parameters(architectures.sdxl_unet()) == 2_567_463_684
        assert parameters(architectures.kl_vae(0.18215)) == 83_653_863


@pytest.mark.parametrize("name", ["sd15", "sdxl"])
def test_weights_lie_on_the_device_and_noise_schedules_do_not(name: str) -> None:
    """numpy reads noise schedules, so that a schedule on a GPU fails at the first request."""
    pipe = FULL_SIZE[name].build(torch.device("meta"))
    assert pipe.scheduler.alphas_cumprod.device.type == "cpu"
    for each in (pipe.unet, pipe.vae, pipe.text_encoder):
        assert {weight.device.type for weight in each.parameters()} == {"meta"}


def small_cells() -> list[Cell]:
    """One of each kind; whole-denoiser compilation has a test of the engine's own."""
    kinds: dict[tuple[str, str], Cell] = {}
    for cell in planned(SD15, SDXL, "float32"):
        if cell.rows <= LONGEST_ROWS and "denoiser" not in cell.setup.label:
            architecture = cell.architecture.name if cell.what.startswith("plain") else ""
            kinds.setdefault((f"{architecture}{cell.what}", cell.setup.label), cell)
    return list(kinds.values())


@pytest.mark.parametrize("cell", small_cells(), ids=lambda cell: cell.name)
def test_a_cell_fills_its_rows(cell: Cell, bed: Bed) -> None:
    rows = list(cell.run(bed))
    assert rows
    for row in rows:
        numbers = [value for name, value in row.items() if name.endswith(("_ms", "img_s"))]
        assert numbers
        assert all(isinstance(value, float) and value > 0 for value in numbers)


def test_every_kind_of_cell_is_planned() -> None:
    kinds = {cell.what for cell in planned(FULL_SIZE["sd15"], FULL_SIZE["sdxl"], "float16")}
    assert {
        "plain diffusers",
        "engine step",
        "engine, mixed requests",
        "plain, mixed requests",
        "engine, decode overlap",
        "engine step, cudnn attention",
    } <= kinds
    setups = {cell.setup for cell in planned(SD15, SDXL, "float16")}
    assert {setup.dtype for setup in setups} == {"float16", "bfloat16"}
    assert {setup.torch_compile for setup in setups} == {"off", "default", "reduce-overhead"}


def test_plain_diffusers_runs_after_the_engine_in_half_precision(bed: Bed) -> None:
    """The engine leaves SDXL's decoder in float32, which plain diffusers cannot decode with."""
    cells.step(bed, SDXL, Setup("float16"), 2, with_bare=False)
    assert bed.pipe.vae.dtype == torch.float32
    row = cells.plain(bed, SDXL, "float16", 1)
    assert float(row["img_s"]) > 0


def test_mixed_requests_are_grouped_by_what_one_call_can_share() -> None:
    groups = cells.grouped(cells.mixed_load(SD15, 12))
    assert sorted(len(group) for group in groups) == [2] * 6
    for group in groups:
        assert len({(each.num_inference_steps, each.guidance_scale) for each in group}) == 1


def planned_cell(
    expected_s: float, rows: Iterable[cells.Row], error: Exception | None = None
) -> Cell:
    def run(_: Bed) -> Iterable[cells.Row]:
        if error is not None:
            raise error
        return rows

    return Cell(SD15, "engine step", Setup("float32"), 2, expected_s, run)


class TestARun:
    def report(self, folder: Path) -> Report:
        return Report(folder, "CPU")

    def test_a_cell_that_fails_is_a_row_and_the_next_goes_on(
        self, bed: Bed, tmp_path: Path
    ) -> None:
        failing = planned_cell(0.1, [], RuntimeError("CUDA error: out of memory | too many rows"))
        Run(bed, self.report(tmp_path), minutes=1).all([failing, planned_cell(0.1, [{"x": 1}])])
        lines = (tmp_path / "rows.jsonl").read_text().splitlines()
        assert [json.loads(line).get("x") for line in lines] == [None, 1]
        assert "RuntimeError: CUDA error: out of memory" in json.loads(lines[0])["note"]
        assert "out of memory / too many rows |" in (tmp_path / "table.md").read_text()

    def test_what_does_not_fit_is_said_and_what_is_shorter_still_runs(
        self, bed: Bed, tmp_path: Path
    ) -> None:
        long, short = planned_cell(600, [{"x": 1}]), planned_cell(1, [{"x": 2}])
        Run(bed, self.report(tmp_path), minutes=1).all([long, short])
        assert (
            "- not run: tiny sd15, engine step, float32, native, 2 rows"
            in (tmp_path / "table.md").read_text()
        )
        (line,) = (tmp_path / "rows.jsonl").read_text().splitlines()
        assert json.loads(line)["x"] == 2

    def test_a_slow_card_leaves_out_more(self, bed: Bed, tmp_path: Path) -> None:
        """The first cell takes longer than was expected of it: the next is thought to as well."""
        slow = partial(self._waits, torch.zeros(200_000))
        cells_ = [
            Cell(SD15, "engine step", Setup("float32"), 2, 1e-9, slow),
            planned_cell(1, [{"x": 1}]),
        ]
        Run(bed, self.report(tmp_path), minutes=1).all(cells_)
        assert "not run" in (tmp_path / "table.md").read_text()

    @staticmethod
    def _waits(numbers: torch.Tensor, _: Bed) -> Iterable[cells.Row]:
        numbers.sort()
        return [{"x": 0}]


def test_the_command_writes_its_folder(tmp_path: Path) -> None:
    main(["--tiny", "--device", "cpu", "--minutes", "0", "--out", str(tmp_path / "results")])
    table = (tmp_path / "results" / "table.md").read_text()
    assert table.startswith("CPU, torch ")
    assert "MLPerf Inference 4.0" in table
    assert table.count("- not run:") == len(planned(SD15, SDXL, "float32"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_without_a_gpu_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no CUDA device here"):
        main(["--out", str(tmp_path)])
