"""Measures how the engine uses a second core: the effect of libgomp's spinning, and of a second
thread with its own OpenMP team.

    python -m benchmarks.threads                # two minutes on two cores
    python -m benchmarks.threads --neighbors 2  # with two busy loops in other processes

Each row is measured in its own process, with the engine of `configs/local.yaml`: one image alone
(20 steps, guidance 7.5, median of five), then sixteen requests with mixed steps and guidance at
once. "own thread": the model is loaded on its own thread, as in the service. "staying thread": a
thread that keeps its OpenMP team, so that libgomp spins at most a thousand times. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
POLICIES: tuple[tuple[str, dict[str, str]], ...] = (
    ("asleep at once", {"OMP_WAIT_POLICY": "PASSIVE"}),
    ("spin 1,000", {"GOMP_SPINCOUNT": "1000"}),
    ("spin 2,000", {"GOMP_SPINCOUNT": "2000"}),
    ("spin 10,000", {"GOMP_SPINCOUNT": "10000"}),
    ("libgomp's default", {}),
)
STAYING = "--staying-loader"
SIDE_PX = 512
PATIENCE_S = 100


class Waited:
    """A listener with which a caller can wait for the end."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def progress(self, event: object) -> None:
        """Ignored."""

    def finished(self, image: object) -> None:
        self.ended.set()

    def failed(self, error: Exception) -> None:
        raise SystemExit(f"the engine failed: {error}")


def measure(staying_loader: bool) -> str:
    """Cells of a row: seconds and CPU seconds of an image alone, images per second of sixteen at
    once."""
    from engines.diffusion.config import EngineConfig
    from engines.diffusion.engine import StepEngine
    from engines.diffusion.models.loading import load_runner
    from engines.types import GenerationRequest

    document = yaml.safe_load((REPOSITORY / "configs" / "local.yaml").read_text(encoding="utf-8"))
    pool = document["applications"][0]["args"]["pools"][0]
    config = EngineConfig.model_validate(pool["engine"])
    root = REPOSITORY / "models"
    runner = None
    if staying_loader:
        keeper = ThreadPoolExecutor(1)
        runner = keeper.submit(load_runner, config.models[0], config, root).result()
    engine = StepEngine(
        config, models_root=root, load=(lambda entry: runner) if runner is not None else None
    )
    engine.start()

    def ask(name: str, steps: int = 20, guidance: float = 7.5) -> Waited:
        waited = Waited()
        model_id = config.models[0].id
        engine.submit(
            GenerationRequest(
                name, "a red apple", model_id, SIDE_PX, SIDE_PX, steps, guidance, seed=1
            ),
            waited,
        )
        return waited

    ask("warm").ended.wait()
    lone_s, cpu_s = [], time.process_time()
    for number in range(5):
        began = time.perf_counter()
        ask(f"lone-{number}").ended.wait()
        lone_s.append(time.perf_counter() - began)
    cpu_s = (time.process_time() - cpu_s) / len(lone_s)
    began = time.perf_counter()
    mixed = [
        ask(f"mixed-{number}", (10, 20, 30, 40, 50)[number % 5], (1.0, 5.0, 7.5)[number % 3])
        for number in range(16)
    ]
    for waited in mixed:
        waited.ended.wait()
    rate = len(mixed) / (time.perf_counter() - began)
    engine.shutdown()
    return f"{statistics.median(lone_s):.2f} | {cpu_s:.2f} | {rate:.2f}"


@contextmanager
def neighbors(count: int) -> Iterator[None]:
    """Within it, `count` other processes each use one core."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def child(variables: dict[str, str], *options: str) -> str:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_NUM_THREADS")
    }
    command = [sys.executable, "-m", "benchmarks.threads", "--child", *options]
    try:
        done = subprocess.run(
            command,
            cwd=REPOSITORY,
            env={**environment, **variables},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=PATIENCE_S,
        )
    except subprocess.TimeoutExpired:
        return f"not finished in {PATIENCE_S} s | |"
    return done.stdout.splitlines()[-1]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--neighbors", type=int, default=0, help="number of busy loops in other processes"
    )
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(STAYING, action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        print(measure(chosen.staying_loader))
        return
    print(f"{os.cpu_count()} cores, {chosen.neighbors} busy neighbors\n")
    print("| threads that wait | loader | lone image, s | its CPU s | 16 at once, images/s |")
    print("|---|---|---|---|---|")
    with neighbors(chosen.neighbors):
        for name, variables in POLICIES:
            print(f"| {name} | own thread | {child(variables)} |", flush=True)
        print(f"| libgomp's default | staying thread | {child({}, STAYING)} |", flush=True)


if __name__ == "__main__":
    main()
