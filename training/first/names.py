"""Draws every name of every thing, and prints which pictures are nearest to another drawing.

``python -m training.first.names --model models/inferloop-mini``; 8 steps, takes some minutes.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline

from training.evaluation.nearest import Prototypes
from training.first.concepts import CONCEPTS
from training.first.evaluate import draw
from training.language.phrases import article

AT_ONCE = 16


def main() -> None:
    """Print the names whose picture is nearest to another thing, and the number of the others."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--model", type=Path, default=Path("models/inferloop-mini"))
    made.add_argument("--prototypes", type=Path, default=Path("tests/models/data/prototypes.npz"))
    made.add_argument("--steps", type=int, default=8)
    made.add_argument("--guidance", type=float, default=2.001)
    args = made.parse_args()
    pipe = StableDiffusionPipeline.from_pretrained(args.model, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    for part in (pipe.unet, pipe.vae):
        part.to(memory_format=torch.channels_last)
    known = Prototypes.load(args.prototypes)
    asked = [(name, thing.name) for thing in CONCEPTS for name in thing.names]
    right = 0
    for at in range(0, len(asked), AT_ONCE):
        now = asked[at : at + AT_ONCE]
        prompts = [f"{article(name)} {name}" for name, _ in now]
        seeds = [0] * len(now)
        images = draw(pipe, prompts, seeds, size=512, steps=args.steps, guidance=args.guidance)
        found = known.nearest(np.asarray(images / 255, np.float32))
        for prompt, (_, thing), guess in zip(prompts, now, found, strict=True):
            right += thing == guess
            if thing != guess:
                print(f"names: {prompt!r} looks more like {guess} than like {thing}", flush=True)
    print(
        f"names: {right} of {len(asked)} names of {len(CONCEPTS)} things are nearest to their own"
    )


if __name__ == "__main__":
    main()
