"""Number of replicas over time while the load rises and falls, on a local Ray with logical GPUs.

    python -m benchmarks.autoscaling

Uses configs/gpu.yaml, but with the embedded model (so that nothing is downloaded) and with shorter
delays. Each client sends its next request when the last one is answered. They request small images
until there are four replicas. Then two clients continue until one replica is left, so that replicas
are removed while there is load. Prints the timeline as Markdown, and the number of lost requests.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import yaml

from deployments.local.child_service import REPOSITORY, Service

MODEL = "inferloop/inferloop-mini"
POOL = "diffusion-sd15"
MOST_REPLICAS = 4
HEAVY_CLIENTS, LIGHT_CLIENTS = 40, 2
SCALING = {
    "min_replicas": 1,
    "max_replicas": MOST_REPLICAS,
    "upscale_delay_s": 2.0,
    "downscale_delay_s": 4.0,
    "look_back_period_s": 3.0,
    "metrics_interval_s": 1.0,
}
BODY = {"prompt": "a red apple", "width": 64, "height": 64, "model_id": MODEL}


def config(folder: Path) -> Path:
    """configs/gpu.yaml with other models and other delays, written under `folder`."""
    document = yaml.safe_load((REPOSITORY / "configs" / "gpu.yaml").read_text(encoding="utf-8"))
    (application,) = document["applications"]
    for pool in application["args"]["pools"]:
        name = MODEL if f"diffusion-{pool['name']}" == POOL else f"{MODEL}-{pool['name']}"
        source = {"kind": "folder", "path": "inferloop-mini"}
        pool["engine"]["models"] = [{"id": name, "source": source, "load_at_start": True}]
    for deployment in application["deployments"]:
        if deployment["name"] == POOL:
            target = deployment["autoscaling_config"]["target_ongoing_requests"]
            deployment["autoscaling_config"] = {**SCALING, "target_ongoing_requests": target}
    path = folder / "gpu.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@contextmanager
def gpu_service(folder: Path) -> Iterator[Service]:
    """The service with four logical GPUs. The models run on the CPU, which `device: auto` finds."""
    environment = {
        "INFERLOOP_RATE_LIMIT_GENERATE": "1000000/minute",
        "OMP_NUM_THREADS": "1",
        "RAY_prestart_worker_first_driver": "0",  # no idle worker for each of 24 logical CPUs
        "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
        "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
    }
    options = ("--num-gpus", str(MOST_REPLICAS), "--num-cpus", "24")
    service = Service(folder / "data", config(folder), environment, options)
    try:
        service.wait_until_ready()
        yield service
    finally:
        service.stop()


@dataclass(frozen=True, slots=True)
class Point:
    """The pool at one moment."""

    at_s: float
    running: int
    """Replicas that serve."""
    target: int
    """Replicas that autoscaling wants."""
    finished: int
    """Number of requests that were answered so far."""


@dataclass
class Load:
    """Clients that send the next request when the last one is answered. There are no retries."""

    service: Service
    steps: int
    outcomes: list[str] = field(default_factory=list)
    wanted_clients: int = HEAVY_CLIENTS

    @property
    def lost(self) -> dict[str, int]:
        """Status, or name of the connection error, to the number of requests that did not get
        200."""
        return dict(Counter(each for each in tuple(self.outcomes) if each != "200"))

    def client(self, number: int) -> None:
        with httpx.Client(headers={"X-API-Key": self.service.key}, timeout=300.0) as http:
            while number < self.wanted_clients:
                self.outcomes.append(self._ask(http))

    def _ask(self, http: httpx.Client) -> str:
        body = {**BODY, "num_inference_steps": self.steps}
        try:
            answer = http.post(f"{self.service.url}/api/v1/generate", json=body)
        except httpx.HTTPError as error:
            return type(error).__name__
        return str(answer.status_code)


@dataclass(frozen=True, slots=True)
class Watch:
    """Reads the state of the pool from Ray's dashboard once a second."""

    service: Service
    load: Load
    began_at: float = field(default_factory=time.monotonic)
    timeline: list[Point] = field(default_factory=list)

    def until(self, reached: Callable[[Point], bool], limit_s: float) -> bool:
        """Watch until `reached` returns True. Returns False if that takes more than `limit_s`."""
        give_up_at = time.monotonic() + limit_s
        while time.monotonic() < give_up_at:
            self.timeline.append(point := self._look())
            if reached(point):
                return True
            time.sleep(1.0)
        return False

    def _look(self) -> Point:
        answer = httpx.get(
            f"{self.service.dashboard()}/api/serve/applications/",
            headers=self.service.ray_headers(),
            timeout=60.0,
        ).json()
        pool = answer["applications"]["inferloop"]["deployments"][POOL]
        states = Counter(replica["state"] for replica in pool["replicas"])
        now_s = time.monotonic() - self.began_at
        target = int(pool["target_num_replicas"])
        return Point(now_s, states["RUNNING"], target, len(self.load.outcomes))


@dataclass(frozen=True, slots=True)
class Run:
    timeline: list[Point]
    sent: int
    lost: dict[str, int]

    def changes(self) -> list[Point]:
        """The points at which the number of running or wanted replicas changed."""
        kept: list[Point] = []
        for point in self.timeline:
            before = kept[-1] if kept else None
            if before is None or (before.running, before.target) != (point.running, point.target):
                kept.append(point)
        return kept


def run(service: Service, steps: int = 100, limit_s: float = 500.0) -> Run:
    """Start with one replica; load until four serve; little load until one is left. Waits at most
    `limit_s` seconds for each state."""
    load = Load(service, steps)
    watch = Watch(service, load)
    with ThreadPoolExecutor(HEAVY_CLIENTS) as clients:
        try:
            watch.until(lambda point: point.running == 1, limit_s)
            del watch.timeline[:-1]  # Drop the points of the start.
            for number in range(HEAVY_CLIENTS):
                clients.submit(load.client, number)
            watch.until(lambda point: point.running == MOST_REPLICAS, limit_s)
            load.wanted_clients = LIGHT_CLIENTS
            watch.until(lambda point: point.running == point.target == 1, limit_s)
        finally:
            load.wanted_clients = 0
    return Run(watch.timeline, len(load.outcomes), load.lost)


def markdown(points: Sequence[Point]) -> str:
    lines = ["| s | replicas | wanted | requests answered |", "|---|---|---|---|"]
    lines += [f"| {p.at_s:.0f} | {p.running} | {p.target} | {p.finished} |" for p in points]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100, help="denoising steps of a request")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, gpu_service(Path(folder)) as service:
        found = run(service, chosen.steps)
    print(markdown(found.changes()))
    print(f"\nRequests: {found.sent}, lost: {sum(found.lost.values())} {found.lost or ''}")


if __name__ == "__main__":
    main()
