"""Everything after the tiles in one command, for a machine with a modern GPU for some minutes.

``python -m training.gpu --minutes 7 --out FOLDER`` (see ``training/gpu.md``). The minutes are those
of the command; training gets what loading and the last pictures leave. A second start goes on from
the cache.
"""

import os
import time
from pathlib import Path

import torch

from training import autoencoder, denoise, export, judge, reading, trial
from training.cache import parser
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
LAST_MINUTES = 0.5
"""For the folder and the pictures at the end."""


def train(options: Options, minutes: float, peak: float, *, compiled: bool) -> None:
    """Train every stage within ``minutes`` from now on."""
    started = time.monotonic()
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    shop = Workshop(options)
    code = shop.code()
    left = minutes - (time.monotonic() - started) / 60
    print(f"gpu: loaded, {left:.1f} of {minutes:.1f} minutes left", flush=True)
    share = {name: part * left for name, part in SHARES.items()}
    reading.train(shop, code, share["reading"])
    autoencoder.train_encoder(shop, code, share["encoder"])
    judge.train(shop, share["judge"])
    autoencoder.train_decoder(shop, code, share["decoder"], sharpen=False)
    denoise.train(shop, code, share["denoiser"], peak, compiled=compiled)
    guess = denoise.guesser(denoise.load(options.cache), options.device)
    left = minutes - (time.monotonic() - started) / 60
    autoencoder.train_decoder(shop, code, max(left, 0.01), sharpen=True, guess=guess, peak=4e-4)


def main() -> None:
    """Train, write the folder in pieces, and draw."""
    made = parser(__doc__)
    made.add_argument("--minutes", type=float, default=7)
    made.add_argument("--out", type=Path, required=True)
    made.add_argument("--device", default="cuda")
    made.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)) - 2)
    made.add_argument("--batch", type=int, default=1024)
    made.add_argument("--peak", type=float, default=2.5e-3, help="the denoiser's learning rate")
    made.add_argument("--layouts", type=int, default=8, help="of each place and hour")
    made.add_argument("--compile", action="store_true", help="compile the denoiser first")
    args = made.parse_args()
    options = Options.of(args)
    train(options, args.minutes - LAST_MINUTES, args.peak, compiled=args.compile)
    folder = options.cache.file("inferloop-mini/x").parent
    size = export.write_folder(options.cache, folder)
    torch.save(judge.load(options.cache).half().state_dict(), folder / "judge.pt")
    args.out.mkdir(parents=True, exist_ok=True)
    export.parcels(folder, args.out)
    print(f"gpu: folder of {size / 1e6:.1f} MB written", flush=True)
    trial.report(options.cache, export.pipeline(options.cache), args.out, options.device)


if __name__ == "__main__":
    main()
