"""Everything after the tiles in one command, for a machine with a modern GPU for some minutes.

``python -m training.gpu --minutes 7 --out FOLDER`` (see ``training/gpu.md``). The minutes are those
of the command; training gets what loading and the last pictures leave. A second start goes on from
the cache.
"""

import faulthandler
import os
import time
from pathlib import Path

import torch

from training import autoencoder, denoise, export, judge, reading, trial
from training.cache import parser
from training.gallery import LAYOUTS
from training.loop import Stopwatch
from training.prompts import EVERYDAY, PLAIN
from training.sheet import labelled, write
from training.workshop import Options, Workshop

SHARES = {
    "reading": 0.05,
    "denoiser": 0.66,
    "encoder": 0.03,
    "decoder": 0.08,
    "sharpen": 0.14,
    "judge": 0.04,
}
"""What the stages get of the training time."""
LOOK_STEPS = 12
LAST_MINUTES = 0.7
"""For the folder and the pictures at the end."""


def deliver(options: Options, out: Path) -> None:
    """Write what there is so far: the folder in pieces, and a sheet of some prompts."""
    clock, cache = Stopwatch("gpu"), options.cache
    folder = cache.file("inferloop-mini/x").parent
    size = export.write_folder(cache, folder, options.widths)
    torch.save(judge.load(cache).half().state_dict(), folder / "judge.pt")
    out.mkdir(parents=True, exist_ok=True)
    export.parcels(folder, out)
    clock.told(f"folder of {size / 1e6:.1f} MB written")
    pipe = export.pipeline(cache, options.widths).to(options.device)
    prompts = [*PLAIN[::3], *EVERYDAY[::3]]
    images = trial.draw(pipe, prompts, [0] * len(prompts), guidance=2.0, steps=LOOK_STEPS)
    write(out / "look.png", labelled(images, prompts, 10, 128))
    clock.told("look.png drawn")


def train(
    options: Options, minutes: float, peak: float, *, compiled: bool, out: Path | None = None
) -> None:
    """Train every stage within ``minutes`` from now on; deliver to ``out`` on the way."""
    started = time.monotonic()
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    shop = Workshop(options)
    code = shop.code()
    left = max(minutes - (time.monotonic() - started) / 60, 1e-3)
    print(f"gpu: loaded, {left:.1f} of {minutes:.1f} minutes left", flush=True)
    share = {name: part * left for name, part in SHARES.items()}
    reading.train(shop, code, share["reading"])
    autoencoder.train_encoder(shop, code, share["encoder"])
    judge.train(shop, share["judge"])
    autoencoder.train_decoder(shop, code, share["decoder"], sharpen=False)
    kept = None if out is None else lambda: deliver(options, out)
    denoise.train(shop, code, share["denoiser"], peak, compiled=compiled, kept=kept)
    guess = denoise.guesser(denoise.load(options.cache, options.widths), options.device)
    left = max(minutes - (time.monotonic() - started) / 60, 1e-3)
    autoencoder.train_decoder(shop, code, left, sharpen=True, guess=guess, peak=4e-4)


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
    made.add_argument("--compile", action="store_true", help="compile the denoiser first")
    args = made.parse_args()
    faulthandler.dump_traceback_later(60, repeat=True)  # where it is, should it hang
    options = Options.of(args)
    minutes = args.minutes - LAST_MINUTES
    train(options, minutes, args.peak, compiled=args.compile, out=args.out)
    deliver(options, args.out)
    trial.report(options.cache, export.pipeline(options.cache), args.out, options.device)


if __name__ == "__main__":
    main()
