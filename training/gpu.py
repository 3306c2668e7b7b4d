"""All stages after the tiles in one command, within minutes on a machine with a modern GPU.

``python -m training.gpu --minutes 7 --out FOLDER`` (see ``training/gpu.md``). The minutes are for
the whole command, including loading and the last pictures. A second start continues from the
cache.
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
"""Small stages to their shares of the training time. The denoiser and the last stage of the decoder
share the rest."""
WARM = {"encoder": 0.015, "judge": 0.01, "decoder": 0.2}
"""The same after a start from a folder."""
SHARPEN = 0.2
"""Share of the decoder's last stage in the time that is left after the small stages."""
PATIENCE_S = 40.0
"""Most seconds that the denoiser waits for the compiler, which runs during the small stages."""
QUICK_PATIENCE_S = 8.0
"""The same with ``--quick``, where the ways of doing steps are not measured."""
QUICK_USES = 2
"""How often a composed batch is used with ``--quick``."""
LOOK_STEPS = 12
LAST_MINUTES, FOLDER_MINUTES = 0.9, 0.2
"""Minutes for the folder and the pictures at the end; minutes for the folder alone."""


def written(options: Options) -> Path:
    """Write the model folder with the current weights and everything that a next run needs to start
    from it. Returns its path."""
    cache = options.cache
    folder = cache.file("inferloop-mini/x").parent
    export.write_folder(cache, folder, options.widths)
    torch.save(judge.load(cache).half().state_dict(), folder / warm.JUDGE)
    shutil.copy(cache.file(CODE), folder / CODE)
    return folder


def deliver(options: Options, out: Path) -> None:
    """Write the current model folder in pieces, and a sheet of pictures of some prompts."""
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
    """Run the stages before the denoiser, each for its share of the minutes."""
    shares = WARM if warm.known(shop.options.cache) else FRESH
    share = {name: part * minutes for name, part in shares.items()}
    if "reading" in share:
        reading.train(shop, code, share["reading"])
    autoencoder.train_encoder(shop, code, share["encoder"])
    judge.train(shop, share["judge"])
    autoencoder.train_decoder(shop, code, share["decoder"], sharpen=False)


def likely(batch: int, able: frozenset[str]) -> Choice:
    """Return the way of doing steps that is probably the fastest. ``able``: what a trial found to
    work."""
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
    """Train every stage within ``minutes`` from now. During the denoiser's stage, the current model
    is written to ``out`` every ``keep_s`` seconds. ``choosing`` first measures which way of doing
    the denoiser's steps is the fastest; ``quick`` uses the result of the trial that runs at the
    same time as the small stages."""
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
    made.add_argument("--layouts", type=int, default=LAYOUTS, help="layouts of each place and hour")
    made.add_argument("--start", type=Path, help="model folder of an earlier run to start from")
    made.add_argument(
        "--choose",
        action="store_true",
        help="first measure which way of doing steps is the fastest",
    )
    made.add_argument(
        "--quick",
        action="store_true",
        help="use the way of doing steps that a parallel trial suggests",
    )
    made.add_argument(
        "--keep-s", type=float, default=denoise.KEEP_S, help="seconds between two deliveries"
    )
    made.add_argument(
        "--no-pictures", action="store_true", help="no report and no pictures at the end"
    )
    made.add_argument(
        "--graphs", action="store_true", help="record the denoiser's steps as CUDA graphs"
    )
    made.add_argument("--compile", action="store_true", help="compile the denoiser first")
    args = made.parse_args()
    faulthandler.register(
        signal.SIGTERM, all_threads=False, chain=True
    )  # shows where a time limit ended the process
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
