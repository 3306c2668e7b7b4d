"""Draws pictures of the embedded model, which the head learns to accept.

    python -m training.quality.own FOLDER [--model models/inferloop-mini]

Writes one PNG (512x512, 50 steps, seed 0) for each of the 112 evaluation prompts to
FOLDER/own drawing/000.png and so on. `trained_on.txt` contains every second one; the others
test the head.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from training.evaluation.prompts import EVERYDAY, PARAPHRASES, PLAIN
from training.first.evaluate import draw

KIND = "own drawing"
_MODEL = Path(__file__).parents[2] / "models" / "inferloop-mini"
PROMPTS = (*PLAIN, *PARAPHRASES, *EVERYDAY)
_STEPS, _SIDE_PX, _BATCH = 50, 512, 4
_GUIDANCE = 2.001  # at the gain of configs/local.yaml this is the usual 7.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, default=_MODEL)
    parser.add_argument("--steps", type=int, default=_STEPS)
    parser.add_argument("--first", type=int, default=len(PROMPTS), help="only so many prompts")
    chosen = parser.parse_args()
    pipe = StableDiffusionPipeline.from_pretrained(chosen.model, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    folder = chosen.folder / KIND
    folder.mkdir(parents=True, exist_ok=True)
    prompts = PROMPTS[: chosen.first]
    for at in range(0, len(prompts), _BATCH):
        part = list(prompts[at : at + _BATCH])
        seeds = [0] * len(part)
        made = draw(pipe, part, seeds, size=_SIDE_PX, steps=chosen.steps, guidance=_GUIDANCE)
        for number, pixels in enumerate(made, at):
            Image.fromarray(pixels).save(folder / f"{number:03d}.png")


if __name__ == "__main__":
    main()
