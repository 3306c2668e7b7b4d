"""Stage 7: draw the prompts of ``training.prompts``, and ask the judge about every name.

``python -m training.trial --model models/inferloop-mini --out grid.png``
"""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image as PilImage

from training import judge
from training.cache import Cache, parser
from training.phrases import article
from training.prompts import EVERYDAY, MUST_PASS, PARAPHRASES, PLAIN
from training.sheet import Images, labelled, write
from training.vocabulary import things

AT_ONCE = 48
GUIDANCES = (1.5, 2.0, 2.5, 3.0, 4.0)


def draw(
    pipe: StableDiffusionPipeline,
    prompts: Sequence[str],
    seeds: Sequence[int],
    *,
    guidance: float,
    steps: int = 50,
    side: int = 512,
    at_once: int = AT_ONCE,
) -> Images:
    """Draw one square picture for each prompt and seed, each from its own noise of the CPU."""
    made = []
    for at in range(0, len(prompts), at_once):
        part = slice(at, at + at_once)
        images = pipe(
            list(prompts[part]),
            width=side,
            height=side,
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=[torch.Generator().manual_seed(seed) for seed in seeds[part]],
            output_type="np",
        ).images
        made.append(np.asarray((images * 255).round(), np.uint8))
    return np.concatenate(made)


def names() -> list[str]:
    """Return a prompt for each thing of the table: its main name with its article."""
    return [f"{article(thing.name)} {thing.name}" for thing in things()]


@torch.no_grad()
def known(cache: Cache, images: Images, device: str) -> list[bool]:
    """Say of one picture a thing, in the table's order, whether the judge names that thing."""
    model = judge.load(cache).to(device)
    pixels = torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 255
    best = model(judge.small(pixels)).argmax(1).tolist()
    return [guess == thing for thing, guess in enumerate(best)]


def pictures() -> tuple[list[str], list[int]]:
    """Return the judged prompts with their seeds: the plain ones three times."""
    asked = [(p, seed) for p in PLAIN for seed in range(3)]
    asked += [(p, 0) for p in (*PARAPHRASES, *EVERYDAY)]
    return [p for p, _ in asked], [seed for _, seed in asked]


def keep(path: Path, images: Images) -> None:
    """Write pictures as lossless WebP files into one zip, named by their number."""
    with zipfile.ZipFile(path, "w") as kept:
        for number, image in enumerate(images):
            held = io.BytesIO()
            PilImage.fromarray(image).save(held, "WEBP", lossless=True, method=2)
            kept.writestr(f"{number:03d}.webp", held.getvalue())


def report(cache: Cache, pipe: StableDiffusionPipeline, out: Path, device: str) -> None:
    """Find the guidance at which the judge knows most, then draw everything at it."""
    pipe = pipe.to(device)
    asked = names()
    for guidance in GUIDANCES:
        right = known(
            cache, draw(pipe, asked, [0] * len(asked), guidance=guidance, steps=16), device
        )
        print(f"trial: guidance {guidance}: {sum(right)} of {len(right)} names known", flush=True)
    prompts, seeds = pictures()
    images = draw(pipe, prompts, seeds, guidance=2.0)
    keep(out / "pictures.zip", images)
    seeds_of_one = draw(pipe, ["a cat"] * 8 + ["a car"] * 8, list(range(16)), guidance=2.0)
    shown = np.concatenate([images[0:144:3], images[144:], seeds_of_one])
    told = [*prompts[0:144:3], *prompts[144:], *["seeds"] * 16]
    write(out / "sheet.png", labelled(shown, told, 16, 128))


def main() -> None:
    """Draw the sheet of a finished folder."""
    made = parser(__doc__)
    made.add_argument("--model", type=Path, required=True)
    made.add_argument("--out", type=Path, default=Path("grid.png"))
    made.add_argument("--guidance", type=float, default=2.0)
    made.add_argument("--device", default="cpu")
    args = made.parse_args()
    pipe = StableDiffusionPipeline.from_pretrained(args.model, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    prompts = [p for p in MUST_PASS for _ in range(3)] + [*PLAIN[5:], *PARAPHRASES, *EVERYDAY]
    seeds = [0, 1, 2] * len(MUST_PASS) + [args.seed] * (len(prompts) - 3 * len(MUST_PASS))
    images = draw(pipe.to(args.device), prompts, seeds, guidance=args.guidance, at_once=8)
    write(args.out, labelled(images, prompts, 13, 128))
    print(f"trial: {len(images)} pictures -> {args.out}")


if __name__ == "__main__":
    main()
