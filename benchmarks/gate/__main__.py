"""Compares the speed of this checkout with another one. Fails if a ratio is above a limit.

    python -m benchmarks.gate                        against the parent commit
    python -m benchmarks.gate --against 56374b7      against a commit, or a folder that holds one
    python -m benchmarks.gate --only export --rounds 7
    python -m benchmarks.gate --service              also the stack: starts the service each time

Where possible, CPU time is measured, because other load on the machine affects it little. A round
runs both checkouts one after the other, in alternating order. The result is the median of the
ratios of all rounds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.gate.cases import CASES, SERVICE_CASES
from benchmarks.gate.verdict import Pair, row, slower

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("cases.py")


@contextmanager
def checkout_of(wanted: str) -> Iterator[Path]:
    """A folder with the commit `wanted`. If `wanted` is itself a folder, that one."""
    if Path(wanted).is_dir():
        yield Path(wanted).resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "checkout"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", "-q", str(target), wanted], check=True)
        try:
            yield target
        finally:
            subprocess.run([*git, "remove", "--force", str(target)], check=True)


def measure(case: str, checkout: Path) -> float | None:
    """The figure of the case in that checkout; None if it cannot be measured there."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), case],
        cwd=checkout,
        env=_environment(checkout),
        capture_output=True,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith("gate "):
            return float(line.split()[1])
    sys.stderr.write(f"{case} cannot be measured in {checkout}:\n{done.stderr[-1000:]}\n")
    return None


def _environment(checkout: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}


def pairs(case: str, before: Path, rounds: int) -> list[Pair]:
    """The figures of both checkouts for each round; empty if one of them cannot be measured."""
    found = []
    for number in range(rounds):
        order = (before, ROOT) if number % 2 == 0 else (ROOT, before)
        taken = {checkout: measure(case, checkout) for checkout in order}
        left, right = taken[before], taken[ROOT]
        if left is None or right is None:
            return []
        found.append(Pair(left, right))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--against", default="HEAD~1", help="a commit, or a folder with one")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--bound", type=float, default=1.1, help="the largest allowed ratio of now to before"
    )
    parser.add_argument("--only", default="", help="only cases whose names contain this text")
    parser.add_argument(
        "--service", action="store_true", help="also the cases that start the service"
    )
    chosen = parser.parse_args()
    cases = CASES | (SERVICE_CASES if chosen.service else {})
    failed = False
    with checkout_of(chosen.against) as before:
        print("| case | before | now | ratio, median | lowest to highest | |")
        print("|---|---|---|---|---|---|")
        for case in (name for name in cases if chosen.only in name):
            found = pairs(case, before, chosen.rounds)
            failed = failed or slower(found, chosen.bound)
            print(row(case, found, chosen.bound), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
