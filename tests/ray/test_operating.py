"""What an operator sees of the running service: its parts, their metrics, their logs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import psutil
import pytest

from deployments.local.child_service import Service
from deployments.observing.metrics import COUNTERS, GAUGES, LATENCY
from inferloop_synthdata import SyntheticImageClient
from tests.ray.conftest import SMALL
from tests.waiting import SERVICE_PATIENCE_S, wait_for

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]


def test_serve_lists_every_deployment(service: Service) -> None:
    details = httpx.get(
        f"{service.dashboard()}/api/serve/applications/",
        headers=service.ray_headers(),
        timeout=SERVICE_PATIENCE_S,
    ).json()
    deployments = details["applications"]["inferloop"]["deployments"]
    assert set(deployments) == {
        "ingress",
        "diffusion-default",
        "quality",
        "privacy",
        "exporter",
        "profiles",
        "rate-limiter",
    }


def test_an_admin_sees_its_replicas_and_the_model_in_their_memory(http: httpx.Client) -> None:
    answer = http.get("/deployments")
    assert answer.status_code == 200, answer.text
    found = {each["name"]: each for each in answer.json()["deployments"]}
    assert {"ingress", "quality", "privacy", "exporter", "profiles"} < set(found)
    for each in found.values():
        counts = each["replicas"]
        assert (each["status"], counts["running"]) == ("HEALTHY", counts["target"]), each
    (model,) = found["diffusion-default"]["models"]
    assert model["replicas"] == found["diffusion-default"]["replicas"]["running"]
    assert model["memory_bytes"] > 1_000_000


def ray_folder(service: Service) -> Path:
    """The temporary folder of the Ray that the launcher started."""
    children = psutil.Process(service.pid).children(recursive=True)
    commands = " ".join(part for child in children for part in child.cmdline())
    found = re.search(r"(/tmp/ifl-[^/\s]+/r\d+)/session_", commands)
    assert found is not None
    return Path(found[1])


def test_prometheus_finds_every_metric_of_the_engine(
    sdk: SyntheticImageClient, service: Service
) -> None:
    """At the addresses that Ray writes down for Prometheus' file service discovery."""
    sdk.generate_image(**SMALL)
    discovery = ray_folder(service) / "prom_metrics_service_discovery.json"
    wanted = {f"ray_inferloop_engine_{name}" for name in (*GAUGES, *COUNTERS)}
    wanted -= {"ray_inferloop_engine_failed_total", "ray_inferloop_engine_canceled_total"}
    wanted.add(f"ray_{LATENCY}_count")
    missing = wanted

    def all_are_there() -> bool:
        nonlocal missing
        missing = wanted - exported(discovery)
        return not missing

    wait_for(all_are_there, SERVICE_PATIENCE_S, said=lambda: f"never exported: {missing}")


def exported(discovery: Path) -> set[str]:
    """Names of the samples that stand at the addresses now."""
    if not discovery.exists():
        return set()
    targets = [each for entry in json.loads(discovery.read_text()) for each in entry["targets"]]
    lines: list[str] = []
    for target in targets:
        try:
            lines += httpx.get(
                f"http://{target}/metrics", timeout=SERVICE_PATIENCE_S
            ).text.splitlines()
        except httpx.TransportError:
            continue  # An address that is not up yet.
    return {re.split(r"[{ ]", line)[0] for line in lines if not line.startswith("#")}


def test_no_log_holds_the_key(sdk: SyntheticImageClient, service: Service) -> None:
    list(sdk.generate_stream(**SMALL))
    logs = [path for path in ray_folder(service).glob("session_*/logs/**/*") if path.is_file()]
    assert logs
    key = service.key.encode()
    assert [path.name for path in logs if key in path.read_bytes()] == []
    assert service.key not in service.said()
