"""Stage 7: draw the prompts of ``training.evaluation.prompts`` on one labeled sheet.

``python -m training.first.evaluate --model models/inferloop-mini --out grid.png``
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline

from training.cache import Cache, parser
from training.evaluation.prompts import EVERYDAY, MUST_PASS, PARAPHRASES, PLAIN, STYLED
from training.evaluation.sheet import Images, labelled, write, write_blind
from training.first.assemble import pipeline


def draw(
    pipe: StableDiffusionPipeline,
    prompts: Sequence[str],
    seeds: Sequence[int],
    *,
    size: int,
    steps: int,
    guidance: float,
) -> Images:
    """Draw one square picture for each prompt and seed, in one batch. Returns (n, size, size, 3)
    uint8. The noise of each is drawn on the CPU from its seed."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    result = pipe(
        list(prompts),
        width=size,
        height=size,
        num_inference_steps=steps,
        guidance_scale=guidance,
        generator=generators,
        output_type="np",
    )
    return np.asarray((result.images * 255).round(), np.uint8)


def chosen(args: argparse.Namespace) -> tuple[list[str], list[int]]:
    """Return prompts and seeds: three seeds for each of `MUST_PASS`, one for the others. With
    `--styled`, only those of `STYLED`."""
    if args.styled:
        return list(STYLED), [args.seed] * len(STYLED)
    prompts = [p for p in MUST_PASS for _ in range(3)]
    prompts += [*PLAIN[5:], *PARAPHRASES, *(EVERYDAY if args.everyday else ())]
    seeds = [0, 1, 2] * len(MUST_PASS) + [args.seed] * (len(prompts) - 3 * len(MUST_PASS))
    if args.quick:
        return prompts[:: args.quick], seeds[:: args.quick]
    return prompts, seeds


def main() -> None:
    """Draw the sheet with the model in a folder, or with the checkpoints of the cache."""
    made = parser(__doc__)
    made.add_argument(
        "--model", type=Path, help="folder of the model; default: the checkpoints of the cache"
    )
    made.add_argument("--weights", default="unet.pt")
    made.add_argument("--decoder", type=Path, help="folder of the model whose decoder is used")
    made.add_argument("--out", type=Path, default=Path("grid.png"))
    made.add_argument("--size", type=int, default=512)
    made.add_argument("--steps", type=int, default=50)
    made.add_argument(
        "--guidance",
        type=float,
        default=2.001,
        help="guidance scale of the model itself (7.5 with the gain 0.154)",
    )
    made.add_argument("--quick", type=int, default=0, help="draw every n-th prompt only")
    made.add_argument("--batch", type=int, default=8, help="pictures drawn at once")
    made.add_argument("--columns", type=int, default=12)
    made.add_argument("--everyday", action="store_true", help="also draw the everyday prompts")
    made.add_argument("--styled", action="store_true", help="draw the styled prompts instead")
    made.add_argument("--blind", type=Path, help="folder for shuffled sheets and their key")
    args = made.parse_args()
    if args.model is None:
        pipe = pipeline(Cache(args.cache), args.weights, args.decoder)
    else:
        pipe = StableDiffusionPipeline.from_pretrained(args.model, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    prompts, seeds = chosen(args)
    images = np.zeros((0, args.size, args.size, 3), np.uint8)
    for at in range(0, len(prompts), args.batch):
        part = slice(at, at + args.batch)
        made_now = draw(
            pipe,
            prompts[part],
            seeds[part],
            size=args.size,
            steps=args.steps,
            guidance=args.guidance,
        )
        images = np.concatenate([images, made_now])
        sheet = labelled(images, prompts[: len(images)], args.columns, 128)
        write(args.out, sheet)
        print(f"evaluate: {len(images)} of {len(prompts)} pictures -> {args.out}", flush=True)
    if args.blind is not None:
        write_blind(args.blind, images, prompts, seed=args.seed)


if __name__ == "__main__":
    main()
