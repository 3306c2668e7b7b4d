"""Which ways of doing steps work on this machine, tried in a process of its own.

Compiling and recording can end a process, or leave its device unusable; here that ends nothing but
the trial. The training goes on meanwhile, and finds what was compiled in the compiler's cache on
the disk. ``python -m training.running.probe --device cuda`` prints a line for each way that works,
and ``works: quicker`` if compiled steps are so much quicker that compiling them pays.
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
TIMED_STEPS = 12
QUICKER = 0.85
"""Compiled steps must take at most this share of the others' time: a training that compiles them
again, with what lies on the disk, waits some seconds for that."""


def attempt(options: Options, way: Way) -> float | None:
    """Do some steps in a way; return the seconds of one, or None if they were not done in that
    way."""
    training, batch = Training(options, 1e-4, way), a_batch(way.batch, options.device)
    losses = [float(training.steps(*batch)) for _ in range(STEPS)]
    if training.steps.recorded != way.graphed or not all(0 <= x < float("inf") for x in losses):
        return None
    began = time.monotonic()
    for _ in range(TIMED_STEPS):
        loss = training.steps(*batch)
    float(loss)
    return (time.monotonic() - began) / TIMED_STEPS


def begun(options: Options) -> Trial:
    """Begin it in a process of its own, with a stage's options."""
    command = [sys.executable, "-m", "training.running.probe", "--cache", str(options.cache.root)]
    command += ["--device", options.device, "--batch", str(options.batch)]
    return Trial(command, options.cache.file("probe.log"), LIMIT_S)


def run(options: Options) -> None:
    """Try recorded steps, then compiled ones; print what works."""
    recorded = tell("graphs", options, Way(options.batch, graphed=True, channels_last=False))
    release(options.device)
    way = Way(options.batch, graphed=recorded is not None, compiled=True)
    compiled = tell("compiled", options, way)
    if compiled is not None and (recorded is None or compiled < QUICKER * recorded):
        print("works: quicker", flush=True)


def tell(name: str, options: Options, way: Way) -> float | None:
    """Try a way; if it works, print its name with its seconds and return those of a step."""
    began = time.monotonic()
    step = attempt(options, way)
    if step is not None:
        spent = time.monotonic() - began
        print(f"works: {name} {spent:.1f} s, {1000 * step:.1f} ms a step", flush=True)
    return step


def main() -> None:
    """Try on the command line's options."""
    args: argparse.Namespace = stage_parser(__doc__, minutes=1, batch=1024).parse_args()
    fast_products()  # the compiler's cache tells them apart
    run(Options.of(args))


if __name__ == "__main__":
    main()
