"""Stable Diffusion 1.5 and XL at full size on one GPU: step time, images a second, memory.

    python -m benchmarks.gpu --out results                 # at most 8 minutes on one GPU
    python -m benchmarks.gpu --tiny --device cpu           # the same code anywhere, in seconds

The weights are random and created on the device, so nothing is downloaded, saved or loaded. One run
measures: plain diffusers with a batch of equal requests, the engine's step with 1 to 32 rows (a
request with guidance has two), mixed requests in the engine's continuous batching, CUDA graphs,
torch.compile, attention kernels, decoding at the same time as steps, float16 and bfloat16. The
engine has no DeepCache, so it is not measured. Every row is written at once to `rows.jsonl` and
`table.md`. Measurements for which `--minutes` leaves no time are listed as not run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import diffusers
import torch

from benchmarks.architectures import FULL_SIZE, TINY
from benchmarks.gpu.bed import CALM_S, Bed, Dtype
from benchmarks.gpu.plan import Cell, planned
from benchmarks.gpu.report import Report, Value
from engines.diffusion.models.loading import choose_device


class Run:
    """Runs cells one after another until the time is used up. If one fails, the others still
    run."""

    def __init__(self, bed: Bed, report: Report, minutes: float) -> None:
        self._bed = bed
        self._report = report
        self._ends_at = time.perf_counter() + 60 * minutes
        self._expected_s = self._spent_s = 0.0

    def all(self, cells: Iterable[Cell]) -> None:
        for cell in cells:
            left_s = self._ends_at - time.perf_counter()
            if cell.expected_s * self._slowness() > left_s:
                self._report.not_run(cell.name)
            else:
                self._one(cell)

    def _slowness(self) -> float:
        """Ratio of the actual to the expected time of the cells so far, at least 1. A slower GPU
        therefore skips more cells."""
        if self._expected_s == 0:
            return 1.0
        return max(1.0, self._spent_s / self._expected_s)

    def _one(self, cell: Cell) -> None:
        began = time.perf_counter()
        words: dict[str, Value] = {
            "model": cell.architecture.name,
            "what": cell.what,
            "dtype": cell.setup.dtype,
            "how": cell.setup.label,
            "rows": cell.rows,
        }
        failed = False
        try:
            for row in cell.run(self._bed):
                self._report.add(words | row | {"took_s": time.perf_counter() - began})
        except Exception as error:  # noqa: BLE001 - goes into the table; the next cell still runs
            note = f"{type(error).__name__}: {str(error)[:300]}"
            self._report.add(words | {"note": note, "took_s": time.perf_counter() - began})
            failed = True
        if failed:  # outside of the handler: its traceback keeps the tensors alive
            self._forget(words)
        self._expected_s += cell.expected_s
        self._spent_s += time.perf_counter() - began

    def _forget(self, words: dict[str, Value]) -> None:
        try:
            self._bed.close()
        except RuntimeError as error:
            self._report.add(words | {"note": f"the device is lost: {str(error)[:300]}"})


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = parsed(arguments)
    if chosen.device.startswith("cuda") and not torch.cuda.is_available():
        raise SystemExit("There is no CUDA device here; --tiny --device cpu tries the code.")
    device = choose_device(chosen.device)
    models = TINY if chosen.tiny else FULL_SIZE
    report = Report(chosen.out or Path(tempfile.mkdtemp(prefix="gpu-")), _title(device))
    half: Dtype = "float16" if device.type == "cuda" else "float32"
    cells = [
        cell
        for cell in planned(models["sd15"], models["sdxl"], half)
        if cell.architecture in [models[name] for name in chosen.models]
    ]
    bed = Bed(device, 0.0 if chosen.tiny else CALM_S)
    Run(bed, report, chosen.minutes).all(cells)
    print(report.end(), flush=True)
    bed.close()


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=8.0, help="limit of the whole run")
    parser.add_argument("--out", type=Path, help="folder of the results; a new one by default")
    parser.add_argument("--models", nargs="+", choices=list(FULL_SIZE), default=list(FULL_SIZE))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true", help="tiny models; figures mean nothing")
    return parser.parse_args(arguments)


def _title(device: torch.device) -> str:
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    versions = f"torch {torch.__version__}, diffusers {diffusers.__version__}"
    return f"{card}, {versions}, Python {sys.version.split()[0]}"


if __name__ == "__main__":
    main()
