"""The measurements of a run, the most important first, each with its expected time."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from benchmarks.architectures import Architecture
from benchmarks.gpu import cells
from benchmarks.gpu.bed import BLOCKS, CALM_S, MOST_REPEATS, Bed, Dtype, Setup
from benchmarks.gpu.cells import Row, step_cost_s

ROWS = (1, 2, 4, 8, 16, 32)
GRAPH_ROWS = 8
_BUILD_TFLOP_S = 1.0
"""Seconds to build a model for each TFLOP of one row. 2.6 billion weights take about 6 s."""
_REST_S = 0.5
"""Seconds of a cell that are not measured: the first run of each shape selects kernels."""
_COMPILE_S = {"blocks": 20.0, "denoiser": 60.0}


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement. `run` returns rows of the table; `expected_s` is for a data-center GPU."""

    architecture: Architecture
    what: str
    setup: Setup
    rows: int
    expected_s: float
    run: Callable[[Bed], Iterable[Row]]

    @property
    def name(self) -> str:
        words = (self.architecture.name, self.what, self.setup.dtype, self.setup.label)
        return f"{', '.join(words)}, {self.rows} rows"


def planned(sd15: Architecture, sdxl: Architecture, half: Dtype) -> list[Cell]:
    """All measurements. `half`: the dtype of most of them, float16 on a GPU."""
    native = Setup(half)
    return [
        *_plain(sd15, half, (1, 8)),
        *_steps(sd15, native, ROWS),
        *_mixed(sd15, native, count=24, rows=32),
        *_steps(sd15, Setup(half, cuda_graph_rows=GRAPH_ROWS), (1, 2, GRAPH_ROWS)),
        *_attention(sd15, native, 16),
        _overlap(sd15, native, 16),
        *_plain(sdxl, half, (1, 4)),
        *_steps(sdxl, native, ROWS),
        *_mixed(sdxl, native, count=6, rows=8),
        *_steps(sdxl, Setup(half, cuda_graph_rows=GRAPH_ROWS), (2,)),
        *_attention(sdxl, native, 8),
        _overlap(sdxl, native, 8),
        *_steps(sdxl, _blocks(half, 2), (2, 8, 16)),
        *_steps(sd15, _blocks(half, GRAPH_ROWS), (2, 8, 32)),
        *_steps(sd15, Setup("bfloat16"), (2, 8, 32)),
        *_steps(sdxl, Setup("bfloat16"), (2, 8, 16)),
        *_steps(sd15, Setup(half, torch_compile="reduce-overhead"), (2, 8, 32)),
        *_installed_attention(sdxl, half),
    ]


def _blocks(dtype: Dtype, graph_rows: int) -> Setup:
    return Setup(dtype, torch_compile="default", compile_scope="blocks", cuda_graph_rows=graph_rows)


def _plain(model: Architecture, dtype: Dtype, batches: Iterable[int]) -> Iterator[Cell]:
    for images in batches:
        took_s = (model.steps + 3) * step_cost_s(model, 2 * images) + _REST_S
        run = partial(_once, cells.plain, model, dtype, images)
        yield Cell(model, "plain diffusers", Setup(dtype), 2 * images, took_s, run)


def _steps(model: Architecture, setup: Setup, rows: Iterable[int]) -> Iterator[Cell]:
    extra_s = _BUILD_TFLOP_S * model.row_tflop
    if setup.torch_compile != "off":
        extra_s += _COMPILE_S[setup.compile_scope]
    for count in rows:
        with_bare = setup.label == "native" and count in (2, 16)
        cost_s = step_cost_s(model, count)
        calls = 2 + BLOCKS * max(1, min(MOST_REPEATS, int(CALM_S / cost_s)))
        took_s = calls * cost_s * (2 if with_bare else 1) + _REST_S + extra_s
        extra_s = 0.0
        run = partial(_once, cells.step, model, setup, count, with_bare)
        yield Cell(model, "engine step", setup, count, took_s, run)


def _attention(model: Architecture, setup: Setup, rows: int) -> Iterator[Cell]:
    for kernel in cells.SDPA:
        took_s = 6 * step_cost_s(model, rows) + _REST_S
        run = partial(_once, cells.attention, model, setup, rows, kernel)
        yield Cell(model, f"engine step, {kernel} attention", setup, rows, took_s, run)


def _mixed(model: Architecture, setup: Setup, count: int, rows: int) -> Iterator[Cell]:
    evaluations = sum(each.num_inference_steps for each in cells.mixed_load(model, count))
    full_s = 2 * evaluations / rows * step_cost_s(model, rows) * 1.2
    engine = partial(_once, cells.mixed, model, setup, count, rows)
    yield Cell(model, "engine, mixed requests", setup, rows, full_s + 2, engine)
    calls = cells.grouped(cells.mixed_load(model, count))
    alone_s = sum(
        group[0].num_inference_steps * step_cost_s(model, 2 * len(group)) for group in calls
    )
    plain = partial(_once, cells.mixed_plain, model, setup.dtype, count)
    batch = 2 * max(map(len, calls))
    yield Cell(model, "plain, mixed requests", setup, batch, alone_s + 2, plain)


def _overlap(model: Architecture, setup: Setup, rows: int) -> Cell:
    took_s = 2 * (model.steps + 3) * step_cost_s(model, rows) + _REST_S
    run = partial(_rows, cells.overlap, model, setup, rows)
    return Cell(model, "engine, decode overlap", setup, rows, took_s, run)


def _installed_attention(model: Architecture, dtype: Dtype) -> Iterator[Cell]:
    """Attention kernels of optional packages, if these are installed."""
    if importlib.util.find_spec("xformers") is not None:
        yield from _steps(model, Setup(dtype, attention="xformers"), (8,))


def _once(measure: Callable[..., Row], *arguments: object) -> Iterable[Row]:
    """Measure one row. The bed is the last argument, because `partial` binds the others first."""
    *given, bed = arguments
    return [measure(bed, *given)]


def _rows(measure: Callable[..., Iterable[Row]], *arguments: object) -> Iterable[Row]:
    *given, bed = arguments
    return measure(bed, *given)
