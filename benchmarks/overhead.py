"""The overhead of the service: the time of a REST call minus the engine's own time.

    python -m benchmarks.overhead --count 50 [--no-dashboard]

Starts the service like `make serve`. The engine's time, from admission to the decoded image, is in
each recipe (`engine_s`). The rest is HTTP, Serve, two calls between processes, PNG and storage.
Prints a Markdown table: round trip, engine, overhead (p50, p99). Below it, of the launcher and all
that it started: the time and the CPU time until `/readyz` answers 200, the number of processes, and
their memory (PSS) at the end. Other options are those of the launcher.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from deployments.local.child_service import Service

BODY = {"width": 64, "height": 64, "num_inference_steps": 2, "guidance_scale": 1.0}


def one(client: httpx.Client, seed: int) -> tuple[float, float]:
    """Round trip and engine seconds of one small generation."""
    began = time.perf_counter()
    answer = client.post("/api/v1/generate", json={**BODY, "prompt": "a fox", "seed": seed})
    round_trip_s = time.perf_counter() - began
    answer.raise_for_status()
    recipe = Path(answer.json()["image_path"]).with_suffix(".json")
    return round_trip_s, float(json.loads(recipe.read_bytes())["engine_s"])


def quantiles_ms(values_s: list[float]) -> str:
    ordered = sorted(values_s)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    return f"{1000 * statistics.median(ordered):.1f} | {1000 * p99:.1f}"


def family(pid: int) -> list[psutil.Process]:
    """The process and all its descendants."""
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def pss_bytes(pid: int) -> int:
    """Proportional set size of the launcher and its descendants, in which shared pages count
    once."""
    return sum(process.memory_full_info().pss for process in family(pid))


def cpu_s(pid: int) -> float:
    """CPU seconds of the launcher and its descendants, those of ended ones included."""
    return sum(sum(process.cpu_times()[:4]) for process in family(pid))


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Overhead of the service, without the time of the engine."
    )
    parser.add_argument("--count", type=int, default=50)
    chosen, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        service = Service(
            Path(folder),
            environment={"INFERLOOP_RATE_LIMIT_GENERATE": "1000000/minute"},
            options=options,
        )
        try:
            service.wait_until_ready()
            start_s, start_cpu_s = time.perf_counter() - began, cpu_s(service.pid)
            headers = {"X-API-Key": service.key}
            with httpx.Client(base_url=service.url, headers=headers, timeout=120.0) as client:
                for seed in range(3):
                    one(client, seed)
                pairs = [one(client, 100 + seed) for seed in range(chosen.count)]
            memory, processes = pss_bytes(service.pid), len(family(service.pid))
        finally:
            service.stop()
    print("| | p50 ms | p99 ms |\n|---|---|---|")
    print(f"| round trip | {quantiles_ms([trip for trip, _ in pairs])} |")
    print(f"| engine | {quantiles_ms([engine for _, engine in pairs])} |")
    print(f"| overhead | {quantiles_ms([trip - engine for trip, engine in pairs])} |")
    print(
        f"\nStart to ready: {start_s:.1f} s, {start_cpu_s:.1f} s of CPU. Processes: {processes}. "
        f"Memory (PSS): {memory / 2**30:.2f} GiB."
    )


if __name__ == "__main__":
    main()
