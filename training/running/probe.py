"""Finds the ways of doing steps that work on this machine, in a separate process.

Compiling and recording can end a process or leave its device unusable. Here this only ends the
trial. The training runs at the same time, and later uses the compiled code in the compiler's cache
on disk. ``python -m training.running.probe --device cuda`` prints a line for each way that works,
and ``works: quicker`` if compiled steps are so much faster that compiling is worth its time.
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
"""Time limit of a trial, seconds."""
STEPS = 3
TIMED_STEPS = 12
QUICKER = 0.85
"""Compiled steps must take at most this share of the time of others, because the training needs
some seconds to load the compiled code from disk."""


def attempt(options: Options, way: Way) -> float | None:
    """Do some steps in this way. Returns the seconds of one, or None if the way did not work."""
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
    """Start the trial in a separate process, with the options of a stage."""
    command = [sys.executable, "-m", "training.running.probe", "--cache", str(options.cache.root)]
    command += ["--device", options.device, "--batch", str(options.batch)]
    return Trial(command, options.cache.file("probe.log"), LIMIT_S)


def run(options: Options) -> None:
    """Try recorded steps, then compiled ones, and print what works."""
    recorded = tell("graphs", options, Way(options.batch, graphed=True, channels_last=False))
    release(options.device)
    way = Way(options.batch, graphed=recorded is not None, compiled=True)
    compiled = tell("compiled", options, way)
    if compiled is not None and (recorded is None or compiled < QUICKER * recorded):
        print("works: quicker", flush=True)


def tell(name: str, options: Options, way: Way) -> float | None:
    """Try a way. If it works, print its name and times, and return the seconds of a step; else
    None."""
    began = time.monotonic()
    step = attempt(options, way)
    if step is not None:
        spent = time.monotonic() - began
        print(f"works: {name} {spent:.1f} s, {1000 * step:.1f} ms a step", flush=True)
    return step


def main() -> None:
    """Run the trial with the options of the command line."""
    args: argparse.Namespace = stage_parser(__doc__, minutes=1, batch=1024).parse_args()
    fast_products()  # as in the training: the compiler's cache depends on it
    run(Options.of(args))


if __name__ == "__main__":
    main()
