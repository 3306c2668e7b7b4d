"""Puts one model with random weights on the device, set up for a measurement."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

import torch

from benchmarks.architectures import Architecture, random_pipeline
from engines.diffusion.config import AttentionBackend, EngineConfig, FolderSource, ModelEntry
from engines.diffusion.models.loading import choose_dtype, runner_over
from engines.diffusion.sampling.runner import ModelRunner
from engines.diffusion.sampling.trajectory import Trajectory
from engines.types import GenerationRequest

MODEL_ID = "timed"
PROMPT = "a red apple"
GUIDANCE = 7.5
NEVER_DONE = 150
"""Denoising steps of a request that is never finished."""
CALM_S = 0.3
"""Aimed length of one measured block, seconds. A block has at least one repeat."""
BLOCKS = 3
"""Number of measured blocks. The result is their median."""
MOST_REPEATS = 8
"""Most repeats in one block."""
Dtype = Literal["float32", "float16", "bfloat16"]


@dataclass(frozen=True, slots=True)
class Setup:
    """How the denoiser runs. The fields are those of `ModelEntry`."""

    dtype: Dtype
    attention: AttentionBackend = "native"
    torch_compile: Literal["off", "default", "reduce-overhead"] = "off"
    compile_scope: Literal["denoiser", "blocks"] = "denoiser"
    cuda_graph_rows: int = 0

    @property
    def label(self) -> str:
        parts: list[str] = [] if self.attention == "native" else [self.attention]
        if self.torch_compile != "off":
            parts.append(f"compiled {self.compile_scope}, {self.torch_compile}")
        if self.cuda_graph_rows:
            parts.append("CUDA graphs")
        return ", ".join(parts) or "native"


class Bed:
    """Holds one pipeline, and replaces it when the architecture, dtype or compilation changes."""

    def __init__(self, device: torch.device, calm_s: float = CALM_S) -> None:
        self.device = device
        self.calm_s = calm_s
        self.pipe: Any = None
        self._decode_s: float | None = None
        self._built: tuple[str, str, str, str] | None = None
        self._runner: ModelRunner | None = None
        self._runner_setup: Setup | None = None

    def plain(self, architecture: Architecture, dtype: Dtype) -> Any:
        """The pipeline as diffusers builds it: contiguous memory format, not compiled."""
        self._build(architecture, Setup(dtype))
        self._close_runner()
        # The engine keeps a VAE that overflows in float16 in float32; diffusers does not.
        self.pipe.vae.to(self.pipe.unet.dtype)
        for module in (self.pipe.unet, self.pipe.vae):
            module.to(memory_format=torch.contiguous_format)
        return self.pipe

    def runner(self, architecture: Architecture, setup: Setup) -> ModelRunner:
        """The engine's runner of the pipeline."""
        self._build(architecture, setup)
        if self._runner is None or self._runner_setup != setup:
            self._close_runner()
            # On a CPU only the code is tested: without inductor, no C++ compiler is needed.
            backend = "inductor" if self.device.type == "cuda" else "eager"
            entry = self.entry(architecture, setup, backend)
            runner = runner_over(self.pipe, entry, self.config(entry))
            assert isinstance(runner, ModelRunner)
            self._runner, self._runner_setup = runner, setup
        return self._runner

    def entry(self, architecture: Architecture, setup: Setup, backend: str) -> ModelEntry:
        """The entry that a user would write. Its folder is not read."""
        return ModelEntry(
            id=MODEL_ID,
            source=FolderSource(path="random"),
            dtype=setup.dtype,
            native_size_px=architecture.native_size_px,
            attention_backend=setup.attention,
            torch_compile=setup.torch_compile,
            compile_scope=setup.compile_scope,
            compile_backend=backend,
            cuda_graph_rows=setup.cuda_graph_rows,
            memory_bytes=1,
        )

    def config(self, entry: ModelEntry, budget_px: int = 65_536) -> EngineConfig:
        return EngineConfig(
            models=(entry,),
            device=str(self.device),
            max_step_latent_px=budget_px,
            max_queued=256,
            model_memory_bytes=2**60,
            warm=False,
        )

    def close(self) -> None:
        """Free the memory of the device."""
        self._close_runner()
        if self._built is not None and self._built[2] != "off":
            torch.compiler.reset()
        self.pipe = self._built = self._decode_s = None
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def drain(self) -> None:
        """Wait until the device has finished all work."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def timed(self, action: Callable[[], Any]) -> float:
        """Wall seconds of the action. Waits for the device before and after."""
        self.drain()
        began = time.perf_counter()
        action()
        self.drain()
        return time.perf_counter() - began

    def each(self, action: Callable[[], Any], expected_s: float) -> float:
        """Seconds of one call: the median of `BLOCKS` blocks of calls. Inside a block nothing waits
        for the device. Two calls before warm up: compilation and recording of CUDA graphs happen
        there."""
        action()
        action()
        repeats = max(1, min(MOST_REPEATS, int(self.calm_s / expected_s)))

        def block() -> None:
            for _ in range(repeats):
                action()

        return median(self.timed(block) for _ in range(BLOCKS)) / repeats

    def decode_s(self, runner: ModelRunner, finished: Trajectory) -> float:
        """Seconds to decode one image. Measured once for each pipeline, because it does not depend
        on the number of rows."""
        if self._decode_s is None:
            self._decode_s = self.each(lambda: runner.decode(finished), self.calm_s + 1)
        return self._decode_s

    def reset_peak(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)

    def peak_gib(self) -> float:
        """GiB of the peak of memory of tensors, with weights, since the last reset; 0 on a CPU."""
        if self.device.type != "cuda":
            return 0.0
        return torch.cuda.max_memory_allocated(self.device) / 2**30

    def _build(self, architecture: Architecture, setup: Setup) -> None:
        wanted = (architecture.name, setup.dtype, setup.torch_compile, setup.compile_scope)
        if self._built == wanted:
            return
        self.close()
        self.pipe = random_pipeline(
            architecture, self.device, choose_dtype(setup.dtype, self.device)
        )
        self._built = wanted

    def _close_runner(self) -> None:
        if self._runner is not None:
            self._runner.close()
        self._runner = self._runner_setup = None


def request(
    architecture: Architecture,
    index: int,
    steps: int = NEVER_DONE,
    guidance_scale: float = GUIDANCE,
) -> GenerationRequest:
    return GenerationRequest(
        image_id=str(index),
        prompt=PROMPT,
        model_id=MODEL_ID,
        width=architecture.native_size_px,
        height=architecture.native_size_px,
        num_inference_steps=steps,
        guidance_scale=guidance_scale,
        seed=index,
    )


def company(architecture: Architecture, rows: int) -> list[GenerationRequest]:
    """Requests for `rows` rows: with guidance, two rows each; for one row, one without guidance."""
    if rows == 1:
        return [request(architecture, 0, guidance_scale=1.0)]
    return [request(architecture, index) for index in range(rows // 2)]
