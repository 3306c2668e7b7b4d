"""Measures the engine alone: the cost of a step compared with the denoiser, and the parts of an
image's time.

    python -m benchmarks.engine [--model models/inferloop-mini] [--threads 1] [--repeats 15]

Prints Markdown. Steps of the denoiser and of the engine alternate, so that other load on the
machine affects both equally. The result is the median of CPU seconds; wall seconds are shown too.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline

from engines.diffusion.backends.sd import StableDiffusionFamily
from engines.diffusion.config import EngineConfig, FolderSource, ModelEntry
from engines.diffusion.decoding.decode import Decoder
from engines.diffusion.engine import StepEngine
from engines.diffusion.models.loading import load_runner
from engines.diffusion.models.loras import LoraSwitch
from engines.diffusion.sampling import noise_schedules
from engines.diffusion.sampling.runner import ModelRunner
from engines.diffusion.sampling.text import EncodedPrompt, PromptEncoder
from engines.errors import InferloopError
from engines.images.png_text import encode_png
from engines.types import GeneratedImage, GenerationRequest, StepProgress

BATCHES = (1, 2, 4, 8, 16)
SIDE_PX = 512
STEPS = 20
GUIDANCE = 7.5
PROMPT = "a red apple on a blue background"
NEVER_DONE = 150
"""Denoising steps of a request that is never finished."""


@dataclass
class Heard:
    """A listener that keeps the image or the error."""

    image: GeneratedImage | None = None
    error: InferloopError | None = None

    def progress(self, event: StepProgress) -> None:
        """Ignored."""

    def finished(self, image: GeneratedImage) -> None:
        self.image = image

    def failed(self, error: InferloopError) -> None:
        self.error = error


class Hollow(StableDiffusionFamily):
    """A family whose denoiser returns its input at once. Prompts are stacked as in the real one."""

    def denoise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        prompts: Sequence[EncodedPrompt],
        size_px: tuple[int, int],
        denoiser: Callable[..., Any] | None = None,
    ) -> torch.Tensor:
        self._stacked(prompts)
        return latents


@dataclass(frozen=True)
class Seconds:
    """Median of several runs."""

    cpu: float
    wall: float


def timed(action: Callable[[], Any]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.process_time() - cpu, time.perf_counter() - wall


def alternate(actions: dict[str, Callable[[], Any]], repeats: int) -> dict[str, Seconds]:
    """Run each action once as a warm-up, then all in turn, `repeats` times. Returns the medians."""
    for action in actions.values():
        action()
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in actions}
    for _ in range(repeats):
        for name, action in actions.items():
            runs[name].append(timed(action))
    return {
        name: Seconds(*(statistics.median(column) for column in zip(*times, strict=True)))
        for name, times in runs.items()
    }


def wanted(image_id: str, steps: int = STEPS, guidance: float = GUIDANCE) -> GenerationRequest:
    return GenerationRequest(
        image_id=image_id,
        prompt=PROMPT,
        model_id="mini",
        width=SIDE_PX,
        height=SIDE_PX,
        num_inference_steps=steps,
        guidance_scale=guidance,
        seed=1,
    )


class Bench:
    def __init__(self, model: Path, repeats: int) -> None:
        self.repeats = repeats
        entry = ModelEntry(id="mini", source=FolderSource(path=str(model.resolve())))
        self.config = EngineConfig(models=(entry,), device="cpu", max_step_latent_px=32 * 256)
        runner = load_runner(entry, self.config, Path())
        if not isinstance(runner, ModelRunner):
            raise SystemExit(f"{model} is not served by step batching")
        runner.warm()
        self.runner = runner
        self.model = model

    def engine(self) -> StepEngine:
        engine = StepEngine(self.config, load=lambda entry: self.runner)
        while engine.stats().model_loads_total == 0:
            engine.submit(wanted("first", steps=1, guidance=1.0), Heard())
            while engine.stats().images_total == 0:
                engine.step()
        return engine

    def rows(self) -> None:
        """Print the engine's step compared with a forward pass of the denoiser alone, one row per
        request."""
        print("| rows | bare, ms CPU | engine, ms CPU | overhead | rows/s of wall, bare | engine |")
        print("|---|---|---|---|---|---|")
        for batch in BATCHES:
            engine = self.engine()
            for index in range(batch):
                engine.submit(wanted(str(index), NEVER_DONE, guidance=1.0), Heard())
            rows_before = engine.stats().rows_total
            times = alternate({"bare": self.bare(batch), "engine": engine.step}, self.repeats)
            if engine.stats().rows_total - rows_before != batch * (self.repeats + 1):
                raise SystemExit("the engine did not step all rows every time")
            bare, ours = times["bare"], times["engine"]
            print(
                f"| {batch} | {1e3 * bare.cpu:.1f} | {1e3 * ours.cpu:.1f} "
                f"| {100 * (ours.cpu / bare.cpu - 1):+.1f} % "
                f"| {batch / bare.wall:.0f} | {batch / ours.wall:.0f} |"
            )

    def bare(self, batch: int) -> Callable[[], Any]:
        """A forward pass of the denoiser on inputs that are already prepared."""
        unet, denoiser = self.runner.family.pipe.unet, self.runner.family.denoiser
        side = SIDE_PX // self.runner.info.sizes.grid_px
        latents = torch.randn((batch, unet.config.in_channels, side, side))
        states = torch.randn((batch, self.window, unet.config.cross_attention_dim))
        timesteps = torch.randint(0, 1000, (batch,)).float()

        @torch.inference_mode()
        def forward() -> None:
            denoiser(latents, timesteps, encoder_hidden_states=states, return_dict=False)

        return forward

    @property
    def window(self) -> int:
        return int(self.runner.family.tokenizers[0].model_max_length)

    def hollow_runner(self) -> ModelRunner:
        """The production runner with a denoiser that takes no time, so that only the engine's own
        work is measured."""
        family = Hollow(self.runner.family.pipe)
        return ModelRunner(
            family,
            noise_schedules.chosen(None, family.pipe.scheduler),
            self.runner.info,
            PromptEncoder(family, "chunk", 64),
            Decoder(family.decode),
            LoraSwitch(family.pipe, (), Path()),
        )

    def single(self) -> None:
        """Print the time of one request with guidance, compared with plain diffusers."""
        pipe: Any = StableDiffusionPipeline.from_pretrained(
            self.model, dtype=torch.float32, safety_checker=None
        )
        pipe.set_progress_bar_config(disable=True)
        engine = self.engine()
        count = iter(range(10_000))

        def ours() -> None:
            heard = Heard()
            engine.submit(wanted(f"single-{next(count)}"), heard)
            while heard.image is None:
                engine.step()

        def plain() -> None:
            pipe(
                PROMPT,
                width=SIDE_PX,
                height=SIDE_PX,
                num_inference_steps=STEPS,
                guidance_scale=GUIDANCE,
                generator=torch.Generator("cpu").manual_seed(1),
            )

        times = alternate({"plain diffusers": plain, "engine": ours}, max(3, self.repeats // 4))
        print(f"\nOne image alone, {SIDE_PX} px, {STEPS} steps, guidance {GUIDANCE}:\n")
        print("| | ms CPU | ms wall |\n|---|---|---|")
        for name, seconds in times.items():
            print(f"| {name} | {1e3 * seconds.cpu:.0f} | {1e3 * seconds.wall:.0f} |")

    def parts(self) -> None:
        """Print the parts of one image's time, when eight requests with guidance share every
        step."""
        requests = [wanted(str(index)) for index in range(8)]
        states = self.runner.start(requests)
        image = self.runner.decode(states[0])
        hollow = self.hollow_runner()
        hollow_states = hollow.start([wanted(str(index), NEVER_DONE) for index in range(8)])
        family = self.runner.family
        pipe_ids = [torch.zeros((8, self.window), dtype=torch.int64) for _ in family.tokenizers]
        times = alternate(
            {
                "text encoder, 8 prompts": lambda: torch.inference_mode()(family.encode)(pipe_ids),
                "start of 8, prompts known": lambda: self.runner.start(requests),
                "denoiser alone, 16 rows": self.bare(16),
                "step of 8, no denoiser": lambda: hollow.step(hollow_states),
                "decode of one": lambda: self.runner.decode(states[0]),
                "PNG of one": lambda: encode_png(image.pixels, {}),
            },
            self.repeats,
        )
        start = times["start of 8, prompts known"].cpu
        per_image = {
            "text": times["text encoder, 8 prompts"].cpu / 8,
            "start": start / 8,
            f"denoiser, {STEPS} steps": STEPS * times["denoiser alone, 16 rows"].cpu / 8,
            "noise scheduler, guidance, stacking": STEPS * times["step of 8, no denoiser"].cpu / 8,
            "decode": times["decode of one"].cpu,
            "PNG": times["PNG of one"].cpu,
        }
        total = sum(per_image.values())
        print("\nCPU time of one image, eight guided requests sharing every step:\n")
        print("| part | ms | share |\n|---|---|---|")
        for name, seconds in per_image.items():
            print(f"| {name} | {1e3 * seconds:.1f} | {100 * seconds / total:.0f} % |")
        print(f"| all | {1e3 * total:.0f} | |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/inferloop-mini"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=15, help="at most 140")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"torch {torch.__version__}, {arguments.threads} thread(s), float32\n")
    bench = Bench(arguments.model, min(arguments.repeats, NEVER_DONE - 10))
    bench.rows()
    bench.single()
    bench.parts()


if __name__ == "__main__":
    main()
