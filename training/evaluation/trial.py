"""Stage 8: draw the prompts of ``training.evaluation.prompts``, and classify a picture of every
thing.

``python -m training.evaluation.trial --model models/inferloop-mini --out grid.png``
"""

import io
import itertools
import os
import zipfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image as PilImage

from engines.quality import QualityConfig, QualityValidator
from training.cache import Cache, parser
from training.evaluation import judge
from training.evaluation.prompts import EVERYDAY, MUST_PASS, PARAPHRASES, PLAIN
from training.evaluation.sheet import Images, labelled, write
from training.language.phrases import article
from training.language.vocabulary import things

AT_ONCE = 128
GUIDANCES = (2.0, 3.0, 4.5, 6.5)
EVERY = 2
"""To find the guidance, each second thing is drawn."""
VARIED = ("a cat", "a car", "a tree", "a city at night")
SEEDS = 16
"""Number of seeds with which each prompt of `VARIED` is drawn, to measure the variety."""
THUMB_PX = 64


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
    """Draw one square picture for each prompt and seed. Returns (n, side, side, 3) uint8. The noise
    of each is drawn on the CPU from its seed."""
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
    """Return a prompt for each thing of the table: its main name with an article."""
    return [f"{article(thing.name)} {thing.name}" for thing in things()]


@torch.no_grad()
def known(cache: Cache, images: Images, device: str, every: int = 1) -> list[bool]:
    """Return for each picture whether the judge recognizes its thing. ``images``: one for each
    thing, or for every ``every``-th."""
    model = judge.load(cache).to(device)
    pixels = torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 255
    best = model(judge.small(pixels)).argmax(1).tolist()
    return [guess == every * at for at, guess in enumerate(best)]


def pictures() -> tuple[list[str], list[int]]:
    """Return the prompts of the evaluation with their seeds; three seeds for each of `PLAIN`."""
    asked = [(p, seed) for p in PLAIN for seed in range(3)]
    asked += [(p, 0) for p in (*PARAPHRASES, *EVERYDAY)]
    return [p for p, _ in asked], [seed for _, seed in asked]


def verdicts(images: Images) -> list[tuple[bool, float]]:
    """Return for each picture whether it passes the quality check of the service, and its score."""
    validator = QualityValidator(QualityConfig(profile="illustration"))

    def verdict(image: Images) -> tuple[bool, float]:
        held = io.BytesIO()
        PilImage.fromarray(image).save(held, "PNG", compress_level=1)
        report = validator.validate(held.getvalue(), "picture.png")
        return bool(report.passed), float(report.quality_score)

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(verdict, images))


def passed(images: Images) -> list[bool]:
    """Return for each picture whether it passes the quality check of the service."""
    return [ok for ok, _ in verdicts(images)]


def variety(images: Images) -> float:
    """Return how much pictures of one prompt differ: the mean over all pairs of the root mean
    square difference, 0..255, of their 64 px thumbnails."""
    small = [cv2.resize(i, (THUMB_PX, THUMB_PX), interpolation=cv2.INTER_AREA) for i in images]
    pairs = itertools.combinations(np.stack(small).astype(np.float64), 2)
    return float(np.mean([np.sqrt(np.square(a - b).mean()) for a, b in pairs]))


def keep(path: Path, images: Images) -> None:
    """Write pictures as numbered JPEG files into one zip file."""
    with zipfile.ZipFile(path, "w") as kept:
        for number, image in enumerate(images):
            held = io.BytesIO()
            PilImage.fromarray(image).save(held, "JPEG", quality=92)
            kept.writestr(f"{number:03d}.jpg", held.getvalue())


def best_guidance(
    cache: Cache, pipe: StableDiffusionPipeline, device: str, *, side: int, steps: int
) -> float:
    """Return the guidance scale with the most pictures that are recognized or pass the quality
    check (the sum of both counts)."""
    asked = names()[::EVERY]
    found = {}
    for guidance in GUIDANCES:
        images = draw(pipe, asked, [0] * len(asked), guidance=guidance, steps=steps, side=side)
        right, good = sum(known(cache, images, device, EVERY)), sum(passed(images))
        found[right + good] = guidance
        told(f"guidance {guidance}: {right} known, {good} pass the check, of {len(asked)}")
    return found[max(found)]


def report(
    cache: Cache,
    pipe: StableDiffusionPipeline,
    out: Path,
    device: str,
    *,
    side: int = 512,
    steps: int = 50,
) -> None:
    """Find the best guidance scale. With it, draw every thing, every prompt, and some prompts with
    many seeds. Print the results of the judge and the quality check, and the variety."""
    pipe, few = pipe.to(device), max(1, steps // 3)
    guidance = best_guidance(cache, pipe, device, side=side, steps=few)
    asked = names()
    every = draw(pipe, asked, [0] * len(asked), guidance=guidance, steps=few, side=side)
    right = known(cache, every, device)
    told(f"{sum(right)} of {len(right)} names known at {guidance}, {sum(passed(every))} pass")
    told(f"unknown: {[name for name, ok in zip(asked, right, strict=True) if not ok]}")
    prompts, seeds = pictures()
    images = draw(pipe, prompts, seeds, guidance=guidance, steps=steps, side=side)
    quality(images, prompts)
    keep(out / "pictures.zip", images)
    same = [prompt for prompt in VARIED for _ in range(SEEDS)]
    numbers = [*range(SEEDS)] * len(VARIED)
    ones = draw(pipe, same, numbers, guidance=guidance, steps=few, side=side)
    for at, prompt in enumerate(VARIED):
        apart = variety(ones[at * SEEDS : (at + 1) * SEEDS])
        told(f"variety of {prompt!r}: {apart:.1f} of 255 between seeds (25 is wanted)")
    plain = 3 * len(PLAIN)
    shown = np.concatenate([images[0:plain:3], images[plain:], ones])
    labels = [*prompts[0:plain:3], *prompts[plain:], *["seeds"] * len(ones)]
    write(out / "sheet.png", labelled(shown, labels, 16, 128))


def told(text: str) -> None:
    """Print a line and flush it."""
    print(f"trial: {text}", flush=True)


def quality(images: Images, prompts: Sequence[str]) -> None:
    """Print how many of :func:`pictures` pass the quality check of the service, and which fail."""
    found = verdicts(images)
    plain = 3 * len(PLAIN)
    for name, part in (("plain", found[:plain]), ("other", found[plain:])):
        scores = np.quantile([score for _, score in part], (0.1, 0.5, 0.9))
        good = sum(ok for ok, _ in part)
        text = f"{good} of {len(part)} {name} pass the quality check"
        told(f"{text}; scores at 10, 50, 90 %: {[round(float(s), 3) for s in scores]}")
    failed = Counter(prompt for prompt, (ok, _) in zip(prompts, found, strict=True) if not ok)
    told(f"fail: {dict(failed)}")


def main() -> None:
    """Draw a sheet of pictures with the model in a folder."""
    made = parser(__doc__)
    made.add_argument("--model", type=Path, required=True)
    made.add_argument("--out", type=Path, default=Path("grid.png"))
    made.add_argument("--guidance", type=float, default=2.0)
    made.add_argument("--device", default="cpu")
    args = made.parse_args()
    pipe = StableDiffusionPipeline.from_pretrained(args.model, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    prompts = [p for p in MUST_PASS for _ in range(3)] + [*PLAIN[5:], *PARAPHRASES, *EVERYDAY]
    seeds = [0, 1, 2] * len(MUST_PASS) + [args.seed] * (len(prompts) - 3 * len(MUST_PASS))
    images = draw(pipe.to(args.device), prompts, seeds, guidance=args.guidance, at_once=8)
    write(args.out, labelled(images, prompts, 13, 128))
    print(f"trial: {len(images)} pictures -> {args.out}")


if __name__ == "__main__":
    main()
