"""The service under test: the launcher with a tiny model, and the load on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from benchmarks.faults.checking import check
from benchmarks.faults.inflicting import Fault
from benchmarks.faults.report import Row
from benchmarks.faults.requests import ROUND, Client, End, ended, kept_jobs, png
from deployments.local.child_service import REPOSITORY, Service

RATE_PER_S = 2.0
ANSWER_WITHIN_S = 150.0
"""A client waits as long as the service may take."""
ENVIRONMENT = {
    f"INFERLOOP_RATE_LIMIT_{name}": "100000/minute"
    for name in ("GENERATE", "VALIDATE", "EXPORT", "UPLOAD", "READ")
}


def tiny_config(folder: Path) -> Path:
    """`configs/local.yaml` with random weights at a tiny size, and without a floor of free space:
    the disk itself is full."""
    text = (REPOSITORY / "configs" / "local.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    args = document["applications"][0]["args"]
    tiny = {"id": "inferloop/tiny", "source": {"kind": "tiny"}, "load_at_start": True}
    stands_in = {**tiny, "stand_in_for": ["runwayml/stable-diffusion-v1-5"]}
    args["pools"][0]["engine"] = {"models": [stands_in], "torch_threads": 1}
    args["storage"] = {"min_free_bytes": 0}
    path = folder / "faults.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@asynccontextmanager
async def client_of(service: Service, root: Path) -> AsyncIterator[Client]:
    """A client whose dataset holds a first image, and that has uploaded one to be judged."""
    base = f"{service.url}/api/v1"
    headers = {"X-API-Key": service.key}
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=base, headers=headers, timeout=ANSWER_WITHIN_S, limits=limits
    ) as http:
        files = {"file": ("sample.png", png("sample"), "image/png")}
        answer = await http.post("/images", files=files)
        sample = answer.raise_for_status().json()["image_path"]
        socket_url = (
            f"{service.url.replace('http', 'ws', 1)}/api/v1/ws/generation?api_key={service.key}"
        )
        client = Client(http, socket_url, str(root), sample)
        first = await ended(client, *ROUND[0], tag="first")
        if not first.is_ok:
            raise RuntimeError(f"the service does not generate: {first.outcome}")
        yield client


async def struck(
    client: Client, fault: Fault, root: Path, load_s: float, before_s: float = 3.0
) -> Row:
    """Load for `before_s` seconds, the fault, load for `load_s` more; then every end is awaited."""
    began, tasks, struck_s = time.monotonic(), [], 0.0
    client.jobs.clear()
    prefix = f"{fault.name.replace(' ', '-')}-{int(began)}"
    for number in range(int((before_s + load_s) * RATE_PER_S)):
        await asyncio.sleep(max(0.0, began + number / RATE_PER_S - time.monotonic()))
        if not struck_s and time.monotonic() - began >= before_s:
            struck_s = time.monotonic()
            await asyncio.to_thread(fault.strike)
        kind, ask = ROUND[number % len(ROUND)]
        tag = f"{prefix}-{number}"
        tasks.append(asyncio.create_task(ended(client, kind, ask, tag)))
    await asyncio.to_thread(fault.lift)
    ends: list[End] = list(await asyncio.gather(*tasks))
    findings = await asyncio.to_thread(check, root, ends, await kept_jobs(client))
    return Row(fault.name, ends, findings, struck_s)


async def until_ready(url: str, give_up_s: float) -> bool:
    """Wait until `/readyz` says so, at most to `give_up_s` (monotonic); whether it did."""
    async with httpx.AsyncClient(timeout=10.0) as http:
        while time.monotonic() < give_up_s:
            try:
                if (await http.get(f"{url}/readyz")).is_success:
                    return True
            except httpx.HTTPError:  # the port, or who answers at it, comes back later
                pass
            await asyncio.sleep(0.5)
    return False
