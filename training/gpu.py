"""Everything after the tiles in one command, for a machine with a modern GPU for some minutes.

``python -m training.gpu --minutes 7 --out FOLDER`` (see ``training/gpu.md``). The minutes are those
of the command; training gets what loading and the last pictures leave. A second start goes on from
the cache.
"""

import faulthandler
import os
import shutil
import signal
import time
from pathlib import Path

import torch

from training import autoencoder, denoise, export, reading, warm
from training.cache import parser
from training.evaluation import judge, trial
from training.evaluation.prompts import EVERYDAY, PLAIN
from training.evaluation.sheet import labelled, write
from training.gallery import LAYOUTS
from training.language.words import build_tokenizer
from training.networks.latent_code import FILE as CODE
from training.networks.latent_code import LatentCode
from training.running import probe
from training.running.choose import Choice, choose
from training.running.loop import Stopwatch
from training.running.precision import fast_products
from training.running.steps import Way
from training.workshop import Options, Workshop

FRESH = {"reading": 0.04, "encoder": 0.03, "judge": 0.03, "decoder": 0.1}
"""What the small stages get of the training time; the denoiser and the last of the decoder share
the rest."""
WARM = {"encoder": 0.015, "judge": 0.01, "decoder": 0.2}
"""The same after a start from a folder."""
SHARPEN = 0.2
"""What the decoder's last stage gets of the time that is left after the small ones."""
PATIENCE_S = 40.0
"""How long the denoiser waits for the compiler, which had the time of the small stages."""
QUICK_PATIENCE_S = 8.0
"""How long it waits where only one way is to be found, not all of them measured."""
QUICK_USES = 2
"""How often a composed batch is used then."""
LOOK_STEPS = 12
LAST_MINUTES, FOLDER_MINUTES = 0.9, 0.2
"""For the folder and the pictures at the end; for the folder alone."""


def written(options: Options) -> Path:
    """Write the folder of what there is so far, with all that the next run needs to start from
    it; return its path."""
    cache = options.cache
    folder = cache.file("inferloop-mini/x").parent
    export.write_folder(cache, folder, options.widths)
    torch.save(judge.load(cache).half().state_dict(), folder / warm.JUDGE)
    shutil.copy(cache.file(CODE), folder / CODE)
    return folder


def deliver(options: Options, out: Path) -> None:
    """Write what there is so far: the folder in pieces, and a sheet of some prompts."""
    clock, cache = Stopwatch("gpu"), options.cache
    out.mkdir(parents=True, exist_ok=True)
    pieces = export.parcels(written(options), out)
    clock.told(f"folder of {sum(p.stat().st_size for p in pieces) / 1e6:.1f} MB written")
    pipe = export.pipeline(cache, options.widths).to(options.device)
    prompts = [*PLAIN[::3], *EVERYDAY[::3]]
    images = trial.draw(pipe, prompts, [0] * len(prompts), guidance=2.0, steps=LOOK_STEPS)
    write(out / "look.png", labelled(images, prompts, 10, 128))
    clock.told("look.png drawn")


def small_stages(shop: Workshop, code: LatentCode, minutes: float) -> None:
    """Train everything that the denoiser does not wait for, within its shares of the minutes."""
    shares = WARM if warm.known(shop.options.cache) else FRESH
    share = {name: part * minutes for name, part in shares.items()}
    if "reading" in share:
        reading.train(shop, code, share["reading"])
    autoencoder.train_encoder(shop, code, share["encoder"])
    judge.train(shop, share["judge"])
    autoencoder.train_decoder(shop, code, share["decoder"], sharpen=False)


def likely(batch: int, able: frozenset[str]) -> Choice:
    """Return the way that is likely the quickest of those that a trial found to work."""
    graphed, compiled = "graphs" in able, {"compiled", "quicker"} <= able
    way = Way(batch, graphed, compiled, channels_last=compiled or not graphed)
    print(f"gpu: {way}, {QUICK_USES} uses", flush=True)
    return Choice(way, 0.0, QUICK_USES)


def train(
    options: Options,
    minutes: float,
    peak: float,
    *,
    way: Way | None = None,
    choosing: bool = False,
    quick: bool = False,
    out: Path | None = None,
    keep_s: float = denoise.KEEP_S,
) -> None:
    """Train every stage within ``minutes`` from now on; deliver to ``out`` on the way, every
    ``keep_s`` seconds of the denoiser's stage. ``choosing`` measures first in which way the
    denoiser's steps are quickest; ``quick`` takes the best that the trial beside the small stages
    found by their end."""
    started = time.monotonic()

    def left() -> float:
        return max(minutes - (time.monotonic() - started) / 60, 1e-3)

    build_tokenizer(denoise.tokenizer_folder(options.cache))
    attempt = None
    if (choosing or quick) and options.device != "cpu":
        attempt = probe.begun(options)
    shop = Workshop(options)
    code = shop.code()
    print(f"gpu: loaded, {left():.1f} of {minutes:.1f} minutes left", flush=True)
    small_stages(shop, code, left())
    choice = Choice(way or Way(options.batch), 0.0)
    if choosing:
        choice = choose(shop, code, attempt.able(PATIENCE_S) if attempt else frozenset())
    elif quick:
        choice = likely(options.batch, attempt.able(QUICK_PATIENCE_S) if attempt else frozenset())
    kept = None if out is None else lambda: deliver(options, out)
    budget = (1 - SHARPEN) * left()
    denoise.train(
        *(shop, code, budget, peak),
        way=choice.way,
        uses=choice.uses,
        kept=kept,
        keep_s=keep_s,
    )
    guess = denoise.guesser(denoise.load(options.cache, options.widths), options.device)
    autoencoder.train_decoder(shop, code, left(), sharpen=True, guess=guess, peak=4e-4)


def main() -> None:
    """Train, write the folder in pieces, and draw."""
    made = parser(__doc__)
    made.add_argument("--minutes", type=float, default=7)
    made.add_argument("--out", type=Path, required=True)
    made.add_argument("--device", default="cuda")
    made.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)) - 2)
    made.add_argument("--batch", type=int, default=1024)
    made.add_argument("--peak", type=float, default=2.5e-3, help="the denoiser's learning rate")
    made.add_argument("--layouts", type=int, default=LAYOUTS, help="of each place and hour")
    made.add_argument("--start", type=Path, help="an earlier run's folder to begin from")
    made.add_argument("--choose", action="store_true", help="measure first which way is quickest")
    made.add_argument("--quick", action="store_true", help="take what a trial beside finds quick")
    made.add_argument("--keep-s", type=float, default=denoise.KEEP_S, help="between two deliveries")
    made.add_argument("--no-pictures", action="store_true", help="the folder alone at the end")
    made.add_argument("--graphs", action="store_true", help="record the denoiser's steps")
    made.add_argument("--compile", action="store_true", help="compile the denoiser first")
    args = made.parse_args()
    faulthandler.register(signal.SIGTERM, all_threads=False, chain=True)  # where a time limit hit
    options = Options.of(args)
    fast_products()
    if args.start is not None:
        warm.start_from(args.start, options.cache)
    last = FOLDER_MINUTES if args.no_pictures else LAST_MINUTES
    train(
        *(options, args.minutes - last, args.peak),
        way=Way(args.batch, args.graphs, args.compile),
        choosing=args.choose,
        quick=args.quick,
        out=args.out,
        keep_s=args.keep_s,
    )
    deliver(options, args.out)
    if not args.no_pictures:
        trial.report(options.cache, export.pipeline(options.cache), args.out, options.device)


if __name__ == "__main__":
    main()
