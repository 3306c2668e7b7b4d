"""Throughput and latency of the whole HTTP stack against plain diffusers and LitServe.

    python -m benchmarks.serving --rates 0.5 1 2 4 --count 60

The same model, the same Poisson arrivals, one server at a time on one machine, in one run.
Prints a Markdown table; quote ratios, the machine is shared.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.load import Summary, run
from deployments.child_service import REPOSITORY, Service, free_port


@contextmanager
def module_server(module: str, model: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A benchmark server as a child process; yields its generate URL and headers."""
    port = free_port()
    command = [sys.executable, "-m", module, "--model", str(model), "--port", str(port)]
    process = subprocess.Popen(command, cwd=REPOSITORY)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/readyz", process)
        yield f"http://127.0.0.1:{port}/generate", {}
    finally:
        process.terminate()
        process.wait(60)


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit(f"The server ended with {process.returncode}")
        try:
            if httpx.get(url, timeout=5.0).is_success:
                return
        except httpx.TransportError:
            pass  # Not listening yet.
        time.sleep(0.5)
    raise SystemExit(f"{url} was not ready in time")


@contextmanager
def our_server() -> Iterator[tuple[str, dict[str, str]]]:
    with tempfile.TemporaryDirectory() as folder:
        generous = {"INFERLOOP_RATE_LIMIT_GENERATE": "1000000/minute"}
        service = Service(Path(folder) / "data", environment=generous)
        try:
            service.wait_until_ready()
            yield f"{service.url}/api/v1/generate", {"X-API-Key": service.key}
        finally:
            service.stop()


def row(name: str, found: Summary) -> str:
    cells = (
        f"{found.offered_rps:g}",
        f"{found.goodput_rps:.2f}",
        f"{found.finished}/{found.finished + found.refused}",
        f"{found.mean_s:.2f}",
        f"{found.p50_s:.2f}",
        f"{found.p99_s:.2f}",
    )
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.5, 1.0, 2.0, 4.0])
    parser.add_argument("--count", type=int, default=60, help="requests at each rate")
    parser.add_argument("--side-px", type=int, default=512)
    parser.add_argument("--model", type=Path, default=REPOSITORY / "models" / "inferloop-mini")
    chosen = parser.parse_args()
    servers = {
        "plain diffusers + lock": lambda: module_server("benchmarks.plain_server", chosen.model),
        "LitServe, batch 8": lambda: module_server("benchmarks.litserve_server", chosen.model),
        "ours": our_server,
    }
    print("| server | offered rps | goodput rps | finished | mean s | p50 s | p99 s |")
    print("|---|---|---|---|---|---|---|")
    for name, start in servers.items():
        with start() as (url, headers):
            run(url, headers, 1.0, 2, 1, chosen.side_px)  # Warm up; not reported.
            for rate in chosen.rates:
                found = run(url, headers, rate, chosen.count, 17, chosen.side_px)
                print(row(name, found), flush=True)


if __name__ == "__main__":
    main()
