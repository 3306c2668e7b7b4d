"""Stage 7: draw the prompts of ``training.prompts`` and put them into one labelled grid.

``python -m training.evaluate --model models/inferloop-mini --out grid.png``
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray

from training.assemble import pipeline
from training.cache import Cache, parser
from training.prompts import MUST_PASS, PARAPHRASES, PLAIN

Images = NDArray[np.uint8]
"""(n, height, width, 3) uint8, sRGB."""


def draw(pipe: StableDiffusionPipeline, prompts: Sequence[str], seeds: Sequence[int], *,
         size: int, steps: int, guidance: float, batch: int = 8) -> Images:
    """Draw one square picture for each prompt and seed, each with a generator of its own."""
    made = []
    for at in range(0, len(prompts), batch):
        generators = [torch.Generator().manual_seed(s) for s in seeds[at:at + batch]]
        result = pipe(list(prompts[at:at + batch]), width=size, height=size,
                      num_inference_steps=steps, guidance_scale=guidance, generator=generators,
                      output_type="np")
        made.append((result.images * 255).round().astype(np.uint8))
    return np.concatenate(made)


def grid(images: Images, labels: Sequence[str], columns: int, tile_px: int) -> Images:
    """Return one (1, height, width, 3) sheet with a caption over each picture."""
    cells = []
    for image, label in zip(images, labels, strict=True):
        cell = np.full((tile_px + 14, tile_px, 3), 255, np.uint8)
        cell[14:] = cv2.resize(image, (tile_px, tile_px), interpolation=cv2.INTER_AREA)
        cv2.putText(cell, label, (1, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.29, (0, 0, 0), 1, cv2.LINE_AA)
        cells.append(cell)
    while len(cells) % columns:
        cells.append(np.full_like(cells[0], 255))
    rows = [np.concatenate(cells[i:i + columns], 1) for i in range(0, len(cells), columns)]
    return np.concatenate(rows)[None]


def chosen(args: argparse.Namespace) -> tuple[list[str], list[int]]:
    """Return prompts and seeds: the must-pass ones with three seeds, the others with one."""
    prompts = [p for p in MUST_PASS for _ in range(3)] + list(PLAIN[5:]) + list(PARAPHRASES)
    seeds = [0, 1, 2] * len(MUST_PASS) + [args.seed] * (len(prompts) - 3 * len(MUST_PASS))
    if args.quick:
        return prompts[::args.quick], seeds[::args.quick]
    return prompts, seeds


def main() -> None:
    """Draw the sheet from a finished folder, or from the cache while it trains."""
    made = parser(__doc__)
    made.add_argument("--model", type=Path, help="a folder; without it, the cache's checkpoints")
    made.add_argument("--weights", default="unet.pt")
    made.add_argument("--out", type=Path, default=Path("grid.png"))
    made.add_argument("--size", type=int, default=512)
    made.add_argument("--steps", type=int, default=50)
    made.add_argument("--guidance", type=float, default=7.5)
    made.add_argument("--quick", type=int, default=0, help="draw every n-th prompt only")
    made.add_argument("--columns", type=int, default=12)
    args = made.parse_args()
    if args.model is None:
        pipe = pipeline(Cache(args.cache), args.weights)
    else:
        pipe = StableDiffusionPipeline.from_pretrained(args.model, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    prompts, seeds = chosen(args)
    images = draw(pipe, prompts, seeds, size=args.size, steps=args.steps, guidance=args.guidance)
    sheet = grid(images, prompts, args.columns, 128)[0]
    cv2.imwrite(str(args.out), np.ascontiguousarray(sheet[..., ::-1]),
                [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"evaluate: {len(prompts)} pictures -> {args.out}")


if __name__ == "__main__":
    main()
