"""Throughput and latency of the whole service over HTTP, compared with plain diffusers and with
other servers that batch requests.

    python -m benchmarks.serving                 # all of it, 10 to 12 minutes on two cores
    python -m benchmarks.serving --quick         # a smoke run

All servers use the same model and get the same requests, with mixed steps (10 to 50) and mixed
guidance. They run one after another on one machine. Each server first answers one request at a
time, then all requests at once (its capacity), and then Poisson arrivals at rising rates. The rates
are multiples of plain diffusers' capacity on this machine. If a server reaches less than half of a
rate, higher rates are left out. Prints Markdown and writes a plot. On a shared machine, only ratios
are meaningful.

Servers whose packages conflict with ours are installed into their own environments at the first run
(`peers.py`). With `--rounds 3`, all servers are measured three times, alternately. The results are
the medians, shown with their spread.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import yaml

from benchmarks.serving import load
from benchmarks.serving.batched_calls import MODEL_VARIABLE
from benchmarks.serving.load import Target
from benchmarks.serving.peers import cache_folder, interpreter
from benchmarks.serving.report import HEADER, OURS, PLAIN, Measured, claims, plot, row
from benchmarks.serving.rounds import combined, spreads
from deployments.local.child_service import REPOSITORY, Service
from local_ray.running import free_port

SEED = 17
LIT, BENTO = "LitServe, batch 8", "BentoML, adaptive, batch 8"
MOSEC = "mosec, batch 8"
Start = Callable[[], AbstractContextManager[Target]]


@contextmanager
def child_server(
    command: list[str], port: int, as_list: bool = False, ready: str = "/readyz"
) -> Iterator[Target]:
    """Start a benchmark server as a child process, and wait until it is ready."""
    # The keeper ends the server and its workers when its input is closed or this process dies.
    kept = [sys.executable, "-m", "benchmarks.serving.keeper", *command]
    process = subprocess.Popen(kept, cwd=REPOSITORY, stdin=subprocess.PIPE)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}{ready}", process)
        yield Target(f"http://127.0.0.1:{port}/generate", {}, as_list=as_list)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit(f"The server ended with {process.returncode}")
        if is_ready(url):
            return
        time.sleep(0.5)
    raise SystemExit(f"{url} was not ready in time")


def is_ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5.0).is_success
    except httpx.TransportError:  # it does not listen yet
        return False


def module_server(module: str, model: Path) -> AbstractContextManager[Target]:
    port = free_port()
    command = [sys.executable, "-m", module, "--model", str(model), "--port", str(port)]
    return child_server(command, port)


def bentoml_server(model: Path, folder: Path) -> AbstractContextManager[Target]:
    port, python = free_port(), interpreter("bentoml", folder)
    service = "benchmarks.serving.bentoml_server:BatchedDiffusion"
    command = [str(python), "-m", "bentoml", "serve", service, "--port", str(port)]
    command = [*_with_model(model), *command, "--host", "127.0.0.1"]
    return child_server(command, port, as_list=True)


def mosec_server(model: Path, folder: Path) -> AbstractContextManager[Target]:
    port, python = free_port(), interpreter("mosec", folder)
    command = [str(python), "-m", "benchmarks.serving.mosec_server", "--port", str(port)]
    return child_server([*_with_model(model), *command], port, ready="/")


def _with_model(model: Path) -> list[str]:
    return ["env", f"{MODEL_VARIABLE}={model}", f"PYTHONPATH={REPOSITORY}"]


def with_threads(config: Path, threads: str, folder: Path) -> Path:
    """Write a copy of the config with `threads` torch threads in every pool. Returns its path."""
    document = yaml.safe_load(config.read_text(encoding="utf-8"))
    for pool in document["applications"][0]["args"]["pools"]:
        pool["engine"]["torch_threads"] = threads if threads == "all" else int(threads)
    changed = folder / config.name
    changed.write_text(yaml.safe_dump(document), encoding="utf-8")
    return changed


@contextmanager
def our_server(config: Path, threads: str | None) -> Iterator[Target]:
    generous = {"INFERLOOP_RATE_LIMIT_GENERATE": "1000000/minute"}
    with tempfile.TemporaryDirectory() as folder:
        if threads is not None:
            config = with_threads(config, threads, Path(folder))
        service = Service(Path(folder) / "data", config, environment=generous)
        try:
            service.wait_until_ready()
            socket_url = f"{service.url}/api/v1/ws/generation?api_key={service.key}"
            yield Target(
                f"{service.url}/api/v1/generate",
                {"X-API-Key": service.key},
                socket_url.replace("http://", "ws://"),
            )
        finally:
            service.stop()


def measure(name: str, target: Target, chosen: argparse.Namespace) -> Measured:
    """Measure requests one after another, and all requests at once."""
    one = {**load.bodies(1, SEED, chosen.side_px)[0], "num_inference_steps": 20}
    one["guidance_scale"] = 7.5
    load.alone(target, one, 2)  # Warm-up, not reported.
    single = load.alone(target, one, chosen.singles)
    burst = load.run(target, load.at_once(load.bodies(chosen.burst, SEED, chosen.side_px)))
    print(row(name, f"{chosen.burst} at once", burst), flush=True)
    return Measured(name, single, burst)


def climb(found: Measured, target: Target, rates: list[float], chosen: argparse.Namespace) -> None:
    """Measure rising rates, until the goodput is less than half of the offered rate."""
    asked = load.bodies(chosen.count, SEED, chosen.side_px)
    for rate in rates:
        summary = load.run(target, load.poisson(asked, rate, SEED))
        found.rates[rate] = summary
        print(row(found.name, f"{rate:.2f}", summary), flush=True)
        if summary.goodput_rps < rate / 2:
            return


def starts(chosen: argparse.Namespace) -> dict[str, Start]:
    """Name of each server to the function that starts it. Plain diffusers is first, because the
    rates are multiples of the capacity of the first server."""
    model = chosen.model
    servers: dict[str, tuple[str, Start]] = {
        "plain": (PLAIN, lambda: module_server("benchmarks.serving.plain_server", model)),
        "litserve": (LIT, lambda: module_server("benchmarks.serving.litserve_server", model)),
        "bentoml": (BENTO, lambda: bentoml_server(model, chosen.peers_folder)),
        "mosec": (MOSEC, lambda: mosec_server(model, chosen.peers_folder)),
        "ours": (OURS, lambda: our_server(chosen.config, chosen.torch_threads)),
    }
    return dict(start for key, start in servers.items() if key in chosen.servers)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ["plain", "litserve", "bentoml", "mosec", "ours"]
    parser.add_argument("--servers", nargs="+", choices=names, default=names)
    parser.add_argument(
        "--load",
        type=float,
        nargs="+",
        default=[0.5, 0.9, 1.5, 2.5, 3.5],
        help="offered rates, in multiples of plain diffusers' capacity",
    )
    parser.add_argument("--count", type=int, default=18, help="number of requests at each rate")
    parser.add_argument("--burst", type=int, default=32, help="number of requests sent at once")
    parser.add_argument(
        "--singles", type=int, default=7, help="number of requests sent one after another"
    )
    parser.add_argument("--side-px", type=int, default=512)
    parser.add_argument("--model", type=Path, default=REPOSITORY / "models" / "inferloop-mini")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "configs" / "local.yaml")
    parser.add_argument(
        "--torch-threads", help="of our engine: a number, or all; default: as in --config"
    )
    parser.add_argument(
        "--peers-folder",
        type=Path,
        default=cache_folder(),
        help="folder for the environments of other servers",
    )
    parser.add_argument(
        "--rounds", type=int, default=1, help="number of times that all servers are measured"
    )
    parser.add_argument("--plot", type=Path, default=REPOSITORY / "benchmarks" / "serving.png")
    parser.add_argument("--quick", action="store_true", help="few requests; figures mean little")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.load, chosen.count, chosen.burst, chosen.singles = [0.9, 2.5], 4, 6, 1
    return chosen


def one_round(chosen: argparse.Namespace, base_rps: float | None) -> list[Measured]:
    """Measure every server once. `base_rps`: the capacity of plain diffusers; None: the one that
    this round measures."""
    found: list[Measured] = []
    for name, start in starts(chosen).items():
        with start() as target:
            found.append(measured := measure(name, target, chosen))
            base_rps = base_rps or found[0].burst.goodput_rps
            climb(measured, target, [each * base_rps for each in chosen.load], chosen)
    return found


def main() -> None:
    chosen = parsed()
    print(f"{os.cpu_count()} cores, {chosen.side_px} px\n\n{HEADER}")
    rounds = [one_round(chosen, None)]
    base_rps = rounds[0][0].burst.goodput_rps
    rounds += [one_round(chosen, base_rps) for _ in range(1, chosen.rounds)]
    found = [combined(each) for each in zip(*rounds, strict=True)]
    if chosen.rounds > 1:
        print(f"\n{spreads(rounds)}")
    print(f"\n{claims(found)}")
    plot(found, chosen.plot)
    print(f"\nPlot: {chosen.plot}")


if __name__ == "__main__":
    main()
