"""Compares the batch job with the engine alone and with a loop of HTTP requests. Measures the cost
of a row for different numbers of rows.

    python -m benchmarks.batch --plot docs/img/batch.png     # everything, under six minutes
    python -m benchmarks.batch --only growth --growth-rows 50

Rates are measured in the middle of a run. The start of Ray and the loading of the model are
reported separately.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from batch.config import JobConfig
from batch.output.layout import RECORDS
from batch.planning.rows import PlannedRow, make_request
from engines.diffusion.engine import StepEngine
from engines.errors import InferloopError
from engines.storage.folder.storage import FolderStorage
from engines.types import GeneratedImage, GenerationRequest, StepProgress
from local_ray.child import REPOSITORY
from local_ray.environment import closed_ray

Result = dict[str, float]
PROMPT = "mountains at sunset"


def job_config(rows: int, root: Path, steps: int, side_px: int, shard_rows: int) -> JobConfig:
    """A job with the embedded model and without checks, so that generation is the bottleneck."""
    model = {
        "id": "inferloop/inferloop-mini",
        "source": {"kind": "folder", "path": "inferloop-mini"},
        "dtype": "float32",
        "load_at_start": True,
    }
    return JobConfig.model_validate(
        {
            "name": "bench",
            "input": {"kind": "grid", "templates": [PROMPT], "repeats": rows},
            "output": {"root": str(root), "shard_rows": shard_rows},
            "engine": {"models": [model], "torch_threads": 1},
            "defaults": {
                "width": side_px,
                "height": side_px,
                "num_inference_steps": steps,
                "guidance_scale": 1.0,
            },
            "checks": {"quality": None, "privacy": None},
            "resources": {"in_flight": 32, "generator_cpus": 1, "checker_cpus": 0.1},
        }
    )


class Countdown:
    """The listener of many generations. `ended` gets an entry for each that ends, and `room` limits
    how many run at the same time."""

    def __init__(self, in_flight: int) -> None:
        self.ended: SimpleQueue[InferloopError | None] = SimpleQueue()
        self.room = threading.Semaphore(in_flight)

    def progress(self, event: StepProgress) -> None:
        """Ignored."""

    def finished(self, image: GeneratedImage) -> None:
        self._end(None)

    def failed(self, error: InferloopError) -> None:
        self._end(error)

    def _end(self, error: InferloopError | None) -> None:
        self.ended.put(error)
        self.room.release()


def bare_engine(config: JobConfig, rows: int) -> float:
    """Images per second of the engine alone, with as many requests in flight as in the job."""
    engine = StepEngine(config.engine, models_root=REPOSITORY / "models")
    engine.start()
    planned = [PlannedRow(f"{n:08x}", n, {"prompt": PROMPT}) for n in range(rows + 4)]
    requests = [make_request(row, config, 0) for row in planned]
    _run_all(engine, requests[:4], config.resources.in_flight)
    started = time.perf_counter()
    _run_all(engine, requests[4:], config.resources.in_flight)
    seconds = time.perf_counter() - started
    engine.shutdown()
    return rows / seconds


def _run_all(engine: StepEngine, requests: Sequence[GenerationRequest], in_flight: int) -> None:
    listener = Countdown(in_flight)
    for request in requests:
        listener.room.acquire()
        engine.submit(request, listener)
    for _ in requests:
        if (error := listener.ended.get()) is not None:
            raise error


def in_child(config: JobConfig, fake: bool) -> Result:
    """Run a job in a separate process with its own Ray. Returns the seconds of the job and its
    peaks of memory."""
    with tempfile.TemporaryDirectory(prefix="rb", dir="/tmp", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "job.json"
        path.write_text(config.model_dump_json(), encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks.batch.child", "--config", str(path)]
        environment = {**os.environ, **closed_ray(os.environ), "OMP_NUM_THREADS": "1"}
        environment["PYTHONPATH"] = str(REPOSITORY)
        done = subprocess.run(
            [*command, "--ray-folder", folder, *(["--fake"] if fake else [])],
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(done.stderr[-4000:])
        found: Result = json.loads(done.stdout.splitlines()[-1])
        return found


def job_rate(config: JobConfig) -> Result:
    """Images per second in the middle of a job, and the seconds that the job takes in addition.

    Computed from the times at which shards were published, without the first two and the last two:
    the rate is not steady while the model loads and while the last rows end.
    """
    run = in_child(config, fake=False)
    storage = FolderStorage(Path(config.output.root))
    published = sorted(stat.modified_at.timestamp() for stat in storage.list(RECORDS))[2:-2]
    rows = (len(published) - 1) * config.output.shard_rows
    rate = rows / (published[-1] - published[0])
    return {"images_per_s": rate, "around_s": run["seconds"] - run["rows"] / rate}


def http_loop(steps: int, side_px: int, rows: int, out: Path) -> float:
    """Images per second of one client that requests one image after the other."""
    from deployments.local.child_service import Service
    from inferloop_synthdata import SyntheticImageClient

    generous = {"INFERLOOP_RATE_LIMIT_GENERATE": "100000/minute", "OMP_NUM_THREADS": "1"}
    service = Service(out / "http", environment=generous)
    try:
        service.wait_until_ready()
        with SyntheticImageClient(api_key=service.key, base_url=service.url) as client:
            ask = partial(
                client.generate_image,
                prompt=PROMPT,
                guidance_scale=1.0,
                width=side_px,
                height=side_px,
                num_inference_steps=steps,
            )
            ask()
            started = time.perf_counter()
            for _ in range(rows):
                ask()
            return rows / (time.perf_counter() - started)
    finally:
        service.stop()


def growth(rows: int, out: Path) -> list[Result]:
    """Jobs with a model that takes no time, with 1, 10 and 100 times `rows` rows."""
    return [
        in_child(job_config(rows * times, out / f"growth-{times}", 1, 64, 100), fake=True)
        for times in (1, 10, 100)
    ]


def plot(results: Mapping[str, Any], path: Path) -> None:
    """Draw the rates as bars, and seconds and memory as lines over the number of rows."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, middle, right) = pyplot.subplots(1, 3, figsize=(12, 3.6))
    rates = {name: results[name] for name in ("bare engine", "job", "HTTP loop") if name in results}
    left.bar_label(left.bar(list(rates), list(rates.values())), fmt="%.2f")
    left.set(title="Generation", ylabel="images / s")
    runs = results.get("growth", [])
    rows = [run["rows"] for run in runs]
    middle.plot(rows, [run["seconds"] for run in runs], "o-")
    middle.set(title="Time, with a model that takes no time", xlabel="rows", ylabel="seconds")
    middle.set(xlim=(0, None), ylim=(0, None))
    for name, label in (("driver_mib", "driver"), ("largest_worker_mib", "largest worker")):
        right.semilogx(rows, [run[name] for run in runs], "o-", label=label)
    right.set(title="Memory", xlabel="rows", ylabel="MiB resident, peak", ylim=(0, None))
    if runs:
        right.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def tell(results: Mapping[str, Any]) -> str:
    """The results as tables for RESULTS.md."""
    lines = []
    if "job" in results:
        before, after = results["bare engine, runs"]
        lines += ["| | images/s |", "|---|---|"]
        lines += [f"| bare engine, before and after the job | {before:.2f}, {after:.2f} |"]
        share = f"{results['job / bare']:.2f} of the bare engine"
        around = f"{results['job, seconds around']:.0f} s around it"
        lines += [f"| job, in its middle | {results['job']:.2f} ({share}; {around}) |"]
    if "HTTP loop" in results:
        lines += [f"| one HTTP client, one after the other | {results['HTTP loop']:.2f} |"]
    if "growth" in results:
        lines += ["", "| rows | s | ms a row more | driver, MiB | largest worker, MiB |"]
        lines += ["|---|---|---|---|---|"]
        last: Result | None = None
        for run in results["growth"]:
            more = "" if last is None else f"{_ms_a_row(last, run):.1f}"
            cells = f"{run['rows']:,} | {run['seconds']:.1f} | {more}"
            lines += [f"| {cells} | {run['driver_mib']:.0f} | {run['largest_worker_mib']:.0f} |"]
            last = run
    return "\n".join(lines)


def _ms_a_row(smaller: Result, larger: Result) -> float:
    """Milliseconds of each additional row, without the fixed cost of a job."""
    seconds = larger["seconds"] - smaller["seconds"]
    return 1000 * seconds / (larger["rows"] - smaller["rows"])


def arguments_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "bench-batch")
    parser.add_argument("--plot", type=Path, help="file of the plot; default: batch.png in --out")
    parser.add_argument("--only", choices=("rates", "http", "growth"))
    parser.add_argument(
        "--rows",
        type=int,
        default=96,
        help="images of the bare engine; the job makes 3 times as many, HTTP half",
    )
    parser.add_argument(
        "--growth-rows", type=int, default=200, help="rows of the smallest job; then 10 x, 100 x"
    )
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--side", type=int, default=512, help="pixels")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    asked = arguments_of(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    # A new folder each time: a job whose output is already complete does nothing.
    scratch = Path(tempfile.mkdtemp(dir=asked.out))
    results: dict[str, Any] = {}

    def make(rows: int, root: Path) -> JobConfig:
        return job_config(rows, root, asked.steps, asked.side, shard_rows=16)

    if asked.only in (None, "rates"):
        # Before and after the job, because the speed of a shared machine changes.
        bare = [bare_engine(make(1, asked.out), asked.rows)]
        found = job_rate(make(3 * asked.rows, scratch / "job"))
        bare.append(bare_engine(make(1, asked.out), asked.rows))
        results |= {"bare engine": sum(bare) / 2, "bare engine, runs": bare}
        results |= {"job": found["images_per_s"], "job, seconds around": found["around_s"]}
        results["job / bare"] = results["job"] / results["bare engine"]
    if asked.only in (None, "http"):
        results["HTTP loop"] = http_loop(asked.steps, asked.side, asked.rows // 2, scratch)
    if asked.only in (None, "growth"):
        results["growth"] = growth(asked.growth_rows, scratch)
    (asked.out / "batch.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    plot(results, asked.plot or asked.out / "batch.png")
    print(tell(results))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
