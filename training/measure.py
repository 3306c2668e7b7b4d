"""Measures the samples per second of each stage on a device, to choose the time budgets.

``python -m training.measure --device cuda --out FOLDER``: runs every stage for some seconds.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import torch

from training import autoencoder, denoise, reading
from training.evaluation import judge
from training.evaluation.sheet import labelled, write
from training.running import probe
from training.running.choose import choose
from training.running.precision import fast_products
from training.workshop import Options, Workshop, stage_parser


def pace(device: str, seconds: float, step: Callable[[], int]) -> float:
    """Return samples per second of ``step``, which returns the number of its samples. Runs it for
    ``seconds``."""
    step()
    if device != "cpu":
        torch.cuda.synchronize()
    started, done = time.monotonic(), 0
    while time.monotonic() - started < seconds:
        done += step()
        if device != "cpu":
            torch.cuda.synchronize()
    return done / (time.monotonic() - started)


def told(text: str, started: float) -> None:
    """Print a line with the seconds since the start."""
    print(f"measure {time.monotonic() - started:6.1f} s: {text}", flush=True)


def main() -> None:
    """Measure all stages, and draw a sheet of composed pictures."""
    made = stage_parser(__doc__, minutes=0.02, batch=1024)
    made.add_argument("--out", type=Path, required=True)
    made.add_argument(
        "--choose", action="store_true", help="also measure the ways of doing the denoiser's steps"
    )
    args = made.parse_args()
    started, options = time.monotonic(), Options.of(args)
    fast_products()
    told(f"{len(os.sched_getaffinity(0))} cores, torch {torch.__version__}", started)
    shop = Workshop(options)
    told(f"{len(shop.drawings)} drawings loaded, places drawn", started)
    code = shop.code()
    jobs = shop.jobs(options.batch, 20, native=True)
    job = next(jobs)
    images = shop.half(job)[:60].permute(0, 2, 3, 1).round().byte().cpu().numpy()
    args.out.mkdir(parents=True, exist_ok=True)
    write(args.out / "composed.png", labelled(images, [""] * len(images), 12, 128))
    seconds = 60 * args.minutes
    told(f"sentences: {pace('cpu', seconds, lambda: len(next(jobs).tokens)):.0f}/s", started)
    count = len(job.tokens)
    rate = pace(options.device, seconds, lambda: len(code.encode(shop.half(job))) * count // count)
    told(f"composed at half size: {rate:.0f}/s", started)
    few = next(shop.jobs(max(1, options.batch // 4), 22, native=True))
    rate = pace(options.device, seconds, lambda: len(shop.whole(few)))
    told(f"composed at 512 px: {rate:.0f}/s", started)
    reading.train(shop, code, args.minutes)
    autoencoder.train_encoder(shop, code, args.minutes)
    autoencoder.train_decoder(shop, code, args.minutes, sharpen=False)
    denoise.train(shop, code, args.minutes, 1e-3)
    guess = denoise.guesser(denoise.load(options.cache), options.device)
    autoencoder.train_decoder(shop, code, args.minutes, sharpen=True, guess=guess)
    judge.train(shop, args.minutes)
    told("every stage ran", started)
    if args.choose:
        able = probe.begun(options).able()
        choose(shop, code, able)
        told("the ways of the denoiser's steps are tried", started)


if __name__ == "__main__":
    main()
