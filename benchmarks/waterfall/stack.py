"""Times the same image through the whole service: HTTP, Serve, and the call to a replica."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from deployments.local.child_service import Service

GENERATE = "/api/v1/generate"


def through_the_service(body: dict[str, object], repeats: int) -> dict[str, float]:
    """Starts the service with Ray. Returns median milliseconds: `total` of one request alone,
    `engine` of the engine's part of it, `ingress` of a request that the ingress answers itself."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(
            Path(folder), environment={"INFERLOOP_RATE_LIMIT_GENERATE": "1000000/minute"}
        )
        try:
            service.wait_until_ready()
            headers = {"X-API-Key": service.key}
            with httpx.Client(base_url=service.url, headers=headers, timeout=120.0) as client:
                return measured(client, body, repeats)
        finally:
            service.stop()


def measured(client: httpx.Client, body: dict[str, object], repeats: int) -> dict[str, float]:
    """The medians of `through_the_service`. Both requests alternate; the first pair is not
    counted."""
    taken: dict[str, list[float]] = {"total": [], "engine": [], "ingress": []}
    for seed in range(repeats + 1):
        began = time.perf_counter()
        client.get("/healthz").raise_for_status()
        taken["ingress"].append(time.perf_counter() - began)
        began = time.perf_counter()
        answer = client.post(GENERATE, json={**body, "seed": seed})
        taken["total"].append(time.perf_counter() - began)
        answer.raise_for_status()
        recipe = Path(answer.json()["image_path"]).with_suffix(".json")
        taken["engine"].append(float(json.loads(recipe.read_bytes())["engine_s"]))
    return {name: 1e3 * statistics.median(each[1:]) for name, each in taken.items()}
