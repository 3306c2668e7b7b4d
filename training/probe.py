"""Which ways of doing steps work on this machine, tried in a process of its own.

Compiling and recording can end a process, or leave its device unusable; here that ends nothing but
the trial. The training goes on meanwhile, and finds what was compiled in the compiler's cache on
the disk. ``python -m training.probe --device cuda`` prints a line for each way that works.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from training.choose import a_batch, release
from training.denoise import Training
from training.steps import Way
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


@dataclass
class Probe:
    """The trial of a machine, begun when it is made."""

    command: Sequence[str]
    told: Path
    limit_s: float = LIMIT_S
    _process: "subprocess.Popen[bytes]" = field(init=False)
    _began: float = field(init=False)

    @classmethod
    def of(cls, options: Options) -> "Probe":
        """Begin it with a stage's options."""
        command = [sys.executable, "-m", "training.probe", "--cache", str(options.cache.root)]
        command += ["--device", options.device, "--batch", str(options.batch)]
        return cls(command, options.cache.file("probe.log"))

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        with self.told.open("wb") as out:
            self._process = subprocess.Popen(self.command, stdout=out, stderr=subprocess.STDOUT)

    def able(self) -> frozenset[str]:
        """Wait for the end of the trial, within its time; return which of "graphs" and "compiled"
        work. Tells what it found."""
        try:
            left = max(0.0, self.limit_s - (time.monotonic() - self._began))
            status: int | str = self._process.wait(left)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            status = "its time was over"
        lines = self.told.read_text(errors="replace").splitlines()
        found = frozenset(line.split()[1] for line in lines if line.startswith("works: "))
        if status != 0:
            print(f"probe: ended by {status}: {lines[-3:]}", flush=True)
        seconds = time.monotonic() - self._began
        print(f"probe: works: {sorted(found)}, {seconds:.0f} s after its start", flush=True)
        return found


def run(options: Options) -> None:
    """Try recorded steps, then compiled ones; print what works."""
    graphs = options.device != "cpu"
    for name, way in (
        ("graphs", Way(options.batch, graphed=graphs)),
        ("compiled", Way(options.batch, graphed=graphs, compiled=True)),
    ):
        release(options.device)
        began = time.monotonic()
        if attempt(options, way):
            print(f"works: {name} {time.monotonic() - began:.1f} s", flush=True)


def main() -> None:
    """Try on the command line's options."""
    args: argparse.Namespace = stage_parser(__doc__, minutes=1, batch=1024).parse_args()
    run(Options.of(args))


if __name__ == "__main__":
    main()
