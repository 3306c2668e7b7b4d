"""The overhead of the service: the time of a REST call minus the engine's own time.

    python -m benchmarks.overhead --count 50

Starts the service like `make serve`. The engine's time, from admission to the decoded image, is in
each recipe (`engine_s`). The rest is HTTP, Serve, two calls between processes, PNG and storage.
Prints a Markdown table: round trip, engine, overhead (p50, p99), start-up time, memory (PSS).
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


def pss_bytes(pid: int) -> int:
    """Proportional set size of the launcher and its descendants, in which shared pages count
    once."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(process.memory_full_info().pss for process in processes)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Overhead of the service, without the time of the engine."
    )
    parser.add_argument("--count", type=int, default=50)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        service = Service(
            Path(folder), environment={"INFERLOOP_RATE_LIMIT_GENERATE": "1000000/minute"}
        )
        try:
            service.wait_until_ready()
            start_s = time.perf_counter() - began
            headers = {"X-API-Key": service.key}
            with httpx.Client(base_url=service.url, headers=headers, timeout=120.0) as client:
                for seed in range(3):
                    one(client, seed)
                pairs = [one(client, 100 + seed) for seed in range(chosen.count)]
            memory = pss_bytes(service.pid)
        finally:
            service.stop()
    print("| | p50 ms | p99 ms |\n|---|---|---|")
    print(f"| round trip | {quantiles_ms([trip for trip, _ in pairs])} |")
    print(f"| engine | {quantiles_ms([engine for _, engine in pairs])} |")
    print(f"| overhead | {quantiles_ms([trip - engine for trip, engine in pairs])} |")
    print(f"\nStart to ready: {start_s:.1f} s. Memory (PSS): {memory / 2**30:.2f} GiB.")


if __name__ == "__main__":
    main()
