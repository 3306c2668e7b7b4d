"""Which ways of doing steps work on this machine, tried in a process of its own.

Compiling and recording can end a process, or leave its device unusable; here that ends nothing but
the trial. The training goes on meanwhile, and finds what was compiled in the compiler's cache on
the disk. ``python -m training.running.probe --device cuda`` prints a line for each way that works.
"""

import argparse
import sys
import time

from training.denoise import Training
from training.running.attempts import Trial
from training.running.choose import a_batch, release
from training.running.precision import fast_products
from training.running.steps import Way
from training.workshop import Options, stage_parser

LIMIT_S = 150.0
"""After so many seconds a trial is given up."""
STEPS = 3


def attempt(options: Options, way: Way) -> bool:
    """Do some steps in a way; say whether they were done in that way."""
    training, batch = Training(options, 1e-4, way), a_batch(way.batch, options.device)
    losses = [float(training.steps(*batch)) for _ in range(STEPS)]
    works = training.steps.recorded == way.graphed
    return works and all(0 <= loss < float("inf") for loss in losses)


def begun(options: Options) -> Trial:
    """Begin it in a process of its own, with a stage's options."""
    command = [sys.executable, "-m", "training.running.probe", "--cache", str(options.cache.root)]
    command += ["--device", options.device, "--batch", str(options.batch)]
    return Trial(command, options.cache.file("probe.log"), LIMIT_S)


def run(options: Options) -> None:
    """Try recorded steps, then compiled ones; print what works."""
    recorded = tell("graphs", options, Way(options.batch, graphed=True))
    release(options.device)
    tell("compiled", options, Way(options.batch, graphed=recorded, compiled=True))


def tell(name: str, options: Options, way: Way) -> bool:
    """Try a way; print its name with the seconds if it works, and return that."""
    began = time.monotonic()
    works = attempt(options, way)
    if works:
        print(f"works: {name} {time.monotonic() - began:.1f} s", flush=True)
    return works


def main() -> None:
    """Try on the command line's options."""
    args: argparse.Namespace = stage_parser(__doc__, minutes=1, batch=1024).parse_args()
    fast_products()  # the compiler's cache tells them apart
    run(Options.of(args))


if __name__ == "__main__":
    main()
