"""The gain of each mode that leaves out work, and how much its images differ from exact ones.

    python -m benchmarks.speed [--model models/inferloop-mini] [--steps 50] [--rounds 2]

Prints Markdown. Eight requests share every step. The columns are: CPU seconds per image (the
smallest of all rounds; modes alternate), the ratio to exact, and the difference from the exact
images with the same prompts and seeds: PSNR in decibels (mean and worst), and the distance of
EfficientNet-Lite0 features of length 1 (0: equal, 1.41: unrelated).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.engine import Heard
from engines.diffusion.config import EngineConfig, FolderSource, ModelEntry
from engines.diffusion.engine import StepEngine
from engines.diffusion.model_options import GuidanceOptions
from engines.diffusion.speed import EXACT, Shortcuts, SpeedModes
from engines.evidence.encoders.efficientnet import EfficientNetLite0
from engines.types import GenerationRequest

if TYPE_CHECKING:
    from engines.diffusion.config import Source
    from engines.types import Pixels

PROMPTS = (
    "a cat on a blue background",
    "a red apple",
    "a car on a yellow background",
    "mountains at sunset",
    "a penguin in the snow",
    "a sea at night",
    "a fox",
    "a forest at day",
)


@dataclass(frozen=True)
class Candidate:
    """One way to leave out work."""

    name: str
    shortcuts: Shortcuts
    outer_layers: int = 2


def candidates() -> list[Candidate]:
    """Exact first, then each way alone, then the modes of the product."""
    shipped = SpeedModes()
    return [
        Candidate("exact", EXACT),
        *(
            Candidate(
                f"guidance {low} to {high}", Shortcuts(guidance_from=low, guidance_until=high)
            )
            for low, high in ((0.2, 1.0), (0.4, 1.0), (0.0, 0.8), (0.2, 0.8))
        ),
        *(
            Candidate(f"deep every {n}, {o} outer", Shortcuts(deep_features_every=n), o)
            for n in (2, 3, 5)
            for o in (1, 2)
        ),
        *(Candidate(f"{n} steps", Shortcuts(most_steps=n)) for n in (25, 12)),
        Candidate("**balanced**", shipped.balanced, shipped.outer_layers),
        Candidate("**fast**", shipped.fast, shipped.outer_layers),
    ]


def made(source: Source, candidate: Candidate, steps: int, side: int) -> tuple[float, list[Pixels]]:
    """CPU seconds for each image, and the image of each prompt."""
    modes = SpeedModes(fast=candidate.shortcuts, outer_layers=candidate.outer_layers)
    entry = ModelEntry(id="model", source=source, speed=modes, guidance=GuidanceOptions(gain=0.154))
    config = EngineConfig(models=(entry,), device="cpu", max_step_latent_px=8192)
    engine = StepEngine(config)
    heard = [Heard() for _ in PROMPTS]
    first = Heard()
    engine.submit(wanted("first", "", 2, side, 0), first)
    _drive(engine, [first])
    for seed, (prompt, each) in enumerate(zip(PROMPTS, heard, strict=True)):
        engine.submit(wanted(str(seed), prompt, steps, side, seed), each)
    began = time.process_time()
    _drive(engine, heard)
    cpu_s = (time.process_time() - began) / len(PROMPTS)
    engine.shutdown()
    return cpu_s, [each.image.pixels for each in heard if each.image is not None]


def wanted(image_id: str, prompt: str, steps: int, side: int, seed: int) -> GenerationRequest:
    return GenerationRequest(
        image_id, prompt, "model", side, side, steps, guidance_scale=7.5, seed=seed, speed="fast"
    )


def _drive(engine: StepEngine, heard: Sequence[Heard]) -> None:
    while any(each.image is None for each in heard):
        engine.step()
        for each in heard:
            if each.error is not None:
                raise each.error


def psnr_db(picture: Pixels, reference: Pixels) -> float:
    """Peak signal-to-noise ratio, dB; 99 for equal pictures."""
    error = float(np.mean((picture.astype(np.float64) - reference) ** 2))
    return 99.0 if error == 0 else min(99.0, 10 * float(np.log10(255**2 / error)))


def row(
    name: str, seconds: float, exact_s: float, pictures: Sequence[Pixels], exact: Sequence[Pixels]
) -> str:
    """A row of the table in Markdown."""
    decibels = [psnr_db(*pair) for pair in zip(pictures, exact, strict=True)]
    encoder = EfficientNetLite0.from_package()
    apart = np.linalg.norm(encoder.encode(pictures) - encoder.encode(exact), axis=1)
    return (
        f"| {name} | {1e3 * seconds:.0f} | {seconds / exact_s:.2f} | {np.mean(decibels):.1f} | "
        f"{min(decibels):.1f} | {np.mean(apart):.3f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=Path("models/inferloop-mini"))
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--side", type=int, default=512, help="pixels")
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    source = FolderSource(path=str(chosen.model.resolve()))
    least: dict[str, float] = {}
    pictures: dict[str, list[Pixels]] = {}
    for _ in range(chosen.rounds):
        for each in candidates():
            seconds, pictures[each.name] = made(source, each, chosen.steps, chosen.side)
            least[each.name] = min(seconds, least.get(each.name, seconds))
    print(f"{chosen.steps} steps, {chosen.side} px, one thread, eight requests a step:\n")
    print("| | ms CPU an image | ratio | PSNR, dB | worst | features |\n|---|---|---|---|---|---|")
    for name, seconds in least.items():
        print(row(name, seconds, least["exact"], pictures[name], pictures["exact"]))


if __name__ == "__main__":
    main()
