"""Stable Diffusion 1.5 and XL at full size on a GPU: step time by batch, images a second, memory.

    python -m benchmarks.gpu                        # minutes on a data-centre card
    python -m benchmarks.gpu --tiny --device cpu    # the same code, anywhere, in seconds

Random weights (benchmarks/architectures.py), loaded from a folder through the engine's own config:
attention backends and torch.compile are set as a user sets them. Beside each batch stands plain
diffusers with the same batch of equal requests, which is the most that it can share.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.architectures import FULL_SIZE, TINY, Architecture
from engines.diffusion.config import AttentionBackend, EngineConfig, FolderSource, ModelEntry
from engines.diffusion.models.loading import choose_device, choose_dtype, load_runner
from engines.diffusion.sampling.runner import ModelRunner
from engines.types import GenerationRequest

NEVER_DONE = 150
"""Steps of a request whose end is not waited for."""
PROMPT = "a red apple on a blue background"
GUIDANCE = 7.5


@dataclass(frozen=True, slots=True)
class Setting:
    architecture: Architecture
    attention: AttentionBackend
    torch_compile: str


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians; `plain_s` is a whole call of plain diffusers for the batch, all steps."""

    step_s: float
    decode_s: float
    plain_s: float
    peak_bytes: int

    def images_per_s(self, batch: int, steps: int) -> float:
        """At a steady state where every step holds the batch, each image decoded alone."""
        return batch / (steps * self.step_s + batch * self.decode_s)


class Bench:
    def __init__(self, chosen: argparse.Namespace) -> None:
        self.device = choose_device(chosen.device)
        self.dtype = str(chosen.dtype)
        self.repeats = min(int(chosen.repeats), NEVER_DONE - 10)
        self.steps = int(chosen.steps)
        self.batches: list[int] = chosen.batches

    def synchronised(self, action: Callable[[], Any]) -> float:
        """Wall seconds of the action, the device's queue drained before and after."""
        self._drain()
        began = time.perf_counter()
        action()
        self._drain()
        return time.perf_counter() - began

    def median(self, action: Callable[[], Any], repeats: int) -> float:
        """Of some calls, after two that warm up (a compiled denoiser compiles in them)."""
        for _ in range(2):
            action()
        return statistics.median(self.synchronised(action) for _ in range(repeats))

    def rows(self, setting: Setting, folder: Path) -> Iterator[str]:
        """One line of the table for each batch that fits."""
        loaded: list[ModelRunner] = []
        load_s = self.synchronised(lambda: loaded.append(self._load(setting, folder)))
        runner = loaded[0]
        if runner.info.notes:
            yield f"| {setting.architecture.name} | {'; '.join(runner.info.notes)} |" + " |" * 9
            return
        bare = setting.torch_compile == "off" and setting.attention == "native"
        plain = self._plain(folder) if bare else None
        for batch in self.batches:
            name = f"| {setting.architecture.name} | {runner.info.attention_backend} "
            name += f"| {setting.torch_compile} | {batch} | {2 * batch} "
            try:
                found = self._measure(runner, plain, setting.architecture, batch)
            except torch.OutOfMemoryError:
                yield name + "| out of memory | | | | | |"
                break
            yield name + self._cells(found, batch, load_s)
        runner.close()

    def _cells(self, found: Measured, batch: int, load_s: float) -> str:
        ours = found.images_per_s(batch, self.steps)
        plain = f"{batch / found.plain_s:.2f}" if found.plain_s else "-"
        peak = f"{found.peak_bytes / 2**30:.1f}" if found.peak_bytes else "-"
        return (
            f"| {1e3 * found.step_s:.1f} | {1e3 * found.decode_s:.1f} | {ours:.2f} | {plain} "
            f"| {peak} | {load_s:.0f} |"
        )

    def _measure(
        self, runner: ModelRunner, plain: Any, architecture: Architecture, batch: int
    ) -> Measured:
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        states = runner.start([_wanted(architecture, index) for index in range(batch)])
        step_s = self.median(lambda: runner.step(states), self.repeats)
        decode_s = self.median(lambda: runner.decode(states[0]), max(3, self.repeats // 4))
        peak = torch.cuda.max_memory_allocated(self.device) if self.device.type == "cuda" else 0
        plain_s = 0.0
        if plain is not None:
            plain_s = self.median(lambda: self._call(plain, architecture, batch), 2)
        return Measured(step_s, decode_s, plain_s, peak)

    def _call(self, plain: Any, architecture: Architecture, batch: int) -> None:
        side_px = architecture.native_size_px
        plain(
            [PROMPT] * batch,
            width=side_px,
            height=side_px,
            num_inference_steps=self.steps,
            guidance_scale=GUIDANCE,
            generator=[torch.Generator("cpu").manual_seed(index) for index in range(batch)],
        )

    def _load(self, setting: Setting, folder: Path) -> ModelRunner:
        entry = ModelEntry.model_validate(
            {
                "id": "timed",
                "source": FolderSource(path=str(folder)),
                "dtype": self.dtype,
                "attention_backend": setting.attention,
                "torch_compile": setting.torch_compile,
            }
        )
        config = EngineConfig(models=(entry,), device=str(self.device))
        runner = load_runner(entry, config, Path())
        if not isinstance(runner, ModelRunner):
            raise SystemExit("not served by step batching")
        return runner

    def _plain(self, folder: Path) -> Any:
        from diffusers import DiffusionPipeline

        pipe = DiffusionPipeline.from_pretrained(
            folder, dtype=choose_dtype(self.dtype, self.device), safety_checker=None
        ).to(self.device)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def _drain(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def _wanted(architecture: Architecture, index: int) -> GenerationRequest:
    return GenerationRequest(
        image_id=str(index),
        prompt=PROMPT,
        model_id="timed",
        width=architecture.native_size_px,
        height=architecture.native_size_px,
        num_inference_steps=NEVER_DONE,
        guidance_scale=GUIDANCE,
        seed=index,
    )


def saved(architecture: Architecture, device: torch.device, dtype: str, root: Path) -> Path:
    """The random model as a folder of safetensors, as if it had been downloaded."""
    folder = root / architecture.name.replace(" ", "-")
    with torch.device(device):
        pipe = architecture.build()
    pipe.to(choose_dtype(dtype, device)).save_pretrained(folder)
    return folder


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=list(FULL_SIZE), default=list(FULL_SIZE))
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--attention", nargs="+", default=["native", "xformers"])
    parser.add_argument("--compile", nargs="+", default=["off", "default"])
    parser.add_argument("--steps", type=int, default=30, help="of a whole image")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", default="auto", help="auto: float16 on CUDA")
    parser.add_argument("--tiny", action="store_true", help="tiny models; figures mean nothing")
    return parser.parse_args()


def main() -> None:
    chosen = parsed()
    if chosen.device.startswith("cuda") and not torch.cuda.is_available():
        raise SystemExit("There is no CUDA device here; --tiny --device cpu tries the code.")
    bench = Bench(chosen)
    card = torch.cuda.get_device_name() if bench.device.type == "cuda" else "CPU"
    print(f"{card}, torch {torch.__version__}, {chosen.dtype}, {chosen.steps} steps an image\n")
    print(
        "| model | attention | compile | images | rows | step ms | decode ms | img/s "
        "| plain diffusers img/s | peak GiB | load s |\n" + "|---" * 11 + "|"
    )
    architectures = TINY if chosen.tiny else FULL_SIZE
    with tempfile.TemporaryDirectory() as root:
        for name in chosen.models:
            folder = saved(architectures[name], bench.device, chosen.dtype, Path(root))
            for attention in chosen.attention:
                for mode in chosen.compile:
                    for line in bench.rows(Setting(architectures[name], attention, mode), folder):
                        print(line, flush=True)


if __name__ == "__main__":
    main()
