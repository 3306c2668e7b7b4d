"""The service under test: the launcher with a tiny model."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
import yaml

from benchmarks.faults.requests import OBJECTS, ROUND, Client, ended, png
from deployments.config_files import with_parts_apart
from deployments.local.child_service import REPOSITORY, Service
from local_ray.running import free_port

ANSWER_WITHIN_S = 150.0
"""Longest wait of a client, seconds: as long as the service may take."""
READY_WITHIN_S = 180.0
ENVIRONMENT = {
    f"INFERLOOP_RATE_LIMIT_{name}": "100000/minute"
    for name in ("GENERATE", "VALIDATE", "EXPORT", "UPLOAD", "READ")
}


class Bed:
    """A service that can be started again, with the same data root, state folder and address."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.root = folder / "data"
        self._config = tiny_config(folder)
        self._environment = {
            **ENVIRONMENT,
            "INFERLOOP_API_KEYS": secrets.token_urlsafe(16),
            "INFERLOOP_PORT": str(free_port()),
            "INFERLOOP_STATE_DIR": str(folder / "state"),
            **(environment or {}),
        }

    def start(self) -> None:
        self.service = Service(self.root, self._config, self._environment)

    def stop(self) -> None:
        self.service.stop()

    def kill_launcher(self) -> None:
        """Kill only the launcher. Its child processes notice that it has ended."""
        launcher = psutil.Process(self.service.pid)
        launcher.kill()
        self.service.stop()  # it has ended: only its log is closed


def tiny_config(folder: Path) -> Path:
    """`configs/local.yaml` with a tiny model of random weights, one rate limiter for all replicas,
    separate deployments, and no minimum of free space, so that the disk can become full."""
    text = (REPOSITORY / "configs" / "local.yaml").read_text(encoding="utf-8")
    document = with_parts_apart(yaml.safe_load(text))
    application = document["applications"][0]
    args = application["args"]
    tiny = {"id": "inferloop/tiny", "source": {"kind": "tiny"}, "load_at_start": True}
    stands_in = {**tiny, "stand_in_for": ["runwayml/stable-diffusion-v1-5"]}
    args["pools"][0]["engine"] = {"models": [stands_in], "torch_threads": 1}
    args["storage"] = {"min_free_bytes": 0}
    args["api"]["rate_limiter"] = "actor"
    counter = {"name": "rate-limiter", "num_replicas": 1, "ray_actor_options": {"num_cpus": 0.1}}
    application["deployments"].append(counter)
    path = folder / "faults.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@asynccontextmanager
async def client_of(service: Service, root: Path) -> AsyncIterator[Client]:
    """A client that has generated a first image in its dataset, and has uploaded an image to
    check."""
    base = f"{service.url}/api/v1"
    headers = {"X-API-Key": service.key}
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=base, headers=headers, timeout=ANSWER_WITHIN_S, limits=limits
    ) as http:
        sample = await _uploaded(http, "sample", {})
        socket_url = (
            f"{service.url.replace('http', 'ws', 1)}/api/v1/ws/generation?api_key={service.key}"
        )
        client = Client(http, socket_url, str(root), sample)
        first = await ended(client, *ROUND[0], tag="first")
        if not first.is_ok:
            raise RuntimeError(f"the service does not generate: {first.outcome}")
        yield client


async def upload_objects(client: Client, count: int) -> None:
    """Upload the images that exports to S3 will send."""
    for number in range(count):
        await _uploaded(client.http, f"object-{number}", {"folder": OBJECTS})


async def _uploaded(http: httpx.AsyncClient, name: str, query: Mapping[str, str]) -> str:
    files = {"file": (f"{name}.png", png(name), "image/png")}
    answer = await http.post("/images", files=files, params=dict(query))
    return str(answer.raise_for_status().json()["image_path"])


async def until_ready(url: str, within_s: float = READY_WITHIN_S) -> bool:
    """Wait until `/readyz` answers 200. Returns False if that takes more than `within_s`
    seconds."""
    give_up_s = time.monotonic() + within_s
    while time.monotonic() < give_up_s:
        if await is_ready(url):
            return True
        await asyncio.sleep(0.5)
    return False


async def is_ready(url: str) -> bool:
    """Whether `/readyz` answers 200 now. False if nothing answers."""
    async with httpx.AsyncClient(timeout=10.0) as http:
        try:
            return (await http.get(f"{url}/readyz")).is_success
        except httpx.HTTPError:
            return False
