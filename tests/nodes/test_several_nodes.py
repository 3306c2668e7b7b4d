"""The production layout on several nodes: every role in its place, and a lost node costs no more
than what ran on it. The tests share one cluster and leave it at strength."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from deployments.local.child_service import REPOSITORY
from tests.nodes.conftest import KEY, MODELS, Production
from tests.nodes.fleet import Crowd
from tests.waiting import SERVICE_PATIENCE_S, wait_for

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]

BROKEN = {"RemoteProtocolError", "ReadError", "ConnectError"}
"""The connection went through the proxy of the dead node. Each client had one request under way."""


def an_image(pool: str, steps: int = 12) -> tuple[str, dict[str, Any]]:
    side = 128 if pool == "sd15" else 64
    body = {"model_id": MODELS[pool]["id"], "prompt": "a fox", "width": side, "height": side}
    return "/generate", {**body, "num_inference_steps": steps, "dataset": pool}


def post(production: Production, route: str, body: dict[str, Any]) -> httpx.Response:
    return httpx.post(
        f"{production.url}/api/v1{route}",
        headers={"X-API-Key": KEY},
        json=body,
        timeout=SERVICE_PATIENCE_S,
    )


def accepted(production: Production, pool: str, steps: int) -> str:
    """Id of a job that was asked for."""
    route, body = an_image(pool, steps)
    answer = httpx.post(
        f"{production.url}/api/v1{route}",
        headers={"X-API-Key": KEY, "Prefer": "respond-async"},
        json=body,
        timeout=SERVICE_PATIENCE_S,
    )
    return str(answer.raise_for_status().json()["id"])


def under_way(production: Production, pool: str, steps: int) -> str:
    """Id of a job that runs on the pool's node and has most of its steps before it.

    A job that went further before somebody looked, as on a busy machine, is followed by another.
    """
    jobs = [accepted(production, pool, steps)]

    def met() -> bool:
        job = a_job(production, jobs[-1])
        made = job.get("progress", {}).get("done", 0)
        if job["state"] == "running" and 0 < made <= steps // 3:
            return True
        if made > steps // 3 or "ended_at" in job:
            jobs.append(accepted(production, pool, steps))
        return False

    wait_for(met, SERVICE_PATIENCE_S, said=lambda: [a_job(production, job_id) for job_id in jobs])
    return jobs[-1]


def a_job(production: Production, job_id: str) -> dict[str, Any]:
    answer = httpx.get(
        f"{production.url}/api/v1/jobs/{job_id}",
        headers={"X-API-Key": KEY},
        timeout=SERVICE_PATIENCE_S,
    )
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def test_every_role_is_on_its_kind_of_node(production: Production) -> None:
    production.fleet.wait_for_strength(production.least)
    places = production.fleet.places()
    assert {name: len(nodes) for name, nodes in places.items()} == production.least
    kinds = {name: {node[:3] for node in nodes} for name, nodes in places.items()}
    on_gpus = {name for name, there in kinds.items() if there == {"gpu"}}
    assert on_gpus == {"diffusion-sd15", "diffusion-sdxl"}
    assert all(there == {"cpu"} for name, there in kinds.items() if name not in on_gpus)
    assert places["diffusion-sd15"] != places["diffusion-sdxl"]  # a GPU of its own each
    assert places["ingress"] == ["cpu-1", "cpu-2"]  # a lost node leaves an ingress
    assert production.fleet.proxies() >= {"cpu-1", "cpu-2"}


def test_an_image_is_made_on_one_node_and_judged_on_another(production: Production) -> None:
    made = post(production, *an_image("sd15"))
    assert made.status_code == 200, made.text
    assert made.headers["X-Served-Model"] == MODELS["sd15"]["id"]
    judged = post(production, "/validate/quality", {"image_path": made.json()["image_path"]})
    assert judged.status_code == 200, judged.text


def test_a_lost_gpu_node_costs_at_most_what_ran_on_it(production: Production) -> None:
    fleet = production.fleet
    repeated = fleet.repeated_jobs()
    (doomed,) = fleet.places()["diffusion-sd15"]
    asks = [an_image("sd15", 30)] * 4 + [an_image("sdxl")] * 2
    with Crowd(production.url, KEY, asks) as crowd:
        crowd.wait_for_each(1)
        job_id = under_way(production, "sd15", 150)
        fleet.kill(doomed)
        fleet.add("gpu-3", "gpu")  # as the autoscaler does
        fleet.wait_for_strength(production.least)
        crowd.wait_for_each(2)
        wait_for(
            lambda: "ended_at" in a_job(production, job_id),
            SERVICE_PATIENCE_S,
            said=lambda: crowd.ends,
        )
    assert fleet.places()["diffusion-sd15"] == ["gpu-3"]
    assert fleet.repeated_jobs() > repeated
    assert a_job(production, job_id)["state"] == "succeeded"  # under way on the dead node
    lost = [[end for end in ends if end != "ok"] for ends in crowd.ends]
    assert all(len(of_client) <= 1 for of_client in lost), lost
    assert {end for ends in lost[:4] for end in ends} <= {"REPLICA_LOST", *BROKEN}, lost
    # The other pool is on another node: it lost nothing, unless a connection went through here.
    assert {end for ends in lost[4:] for end in ends} <= BROKEN, lost


def test_a_lost_cpu_node_leaves_a_service(production: Production) -> None:
    fleet = production.fleet
    made = post(production, *an_image("sd15")).json()["image_path"]
    judge = ("/validate/quality", {"image_path": made})
    with Crowd(production.url, KEY, [judge] * 3 + [an_image("sdxl")] * 3) as crowd:
        crowd.wait_for_each(2)
        fleet.kill("cpu-1")
        fleet.add("cpu-3", "cpu")
        fleet.wait_for_strength(production.least)
        crowd.wait_for_each(2)
    assert fleet.places()["ingress"] == ["cpu-2", "cpu-3"]
    # A client loses what it had on the dead node: the request, and with it the connection.
    lost = [[end for end in ends if end != "ok"] for ends in crowd.ends]
    assert all(len(of_client) <= 1 for of_client in lost), lost
    assert {end for ends in lost for end in ends} <= {"REPLICA_LOST", *BROKEN}, lost


def test_a_node_that_leaves_in_order_loses_no_work(production: Production) -> None:
    fleet = production.fleet
    repeated = fleet.repeated_jobs()
    (leaving,) = fleet.places()["diffusion-sdxl"]
    with Crowd(production.url, KEY, [an_image("sdxl", 40)] * 3 + [an_image("sd15")]) as crowd:
        crowd.wait_for_each(1)
        fleet.add("gpu-4", "gpu")
        fleet.drain(leaving)
        fleet.kill(leaving)
        crowd.wait_for_each(2)
    assert fleet.places()["diffusion-sdxl"] == ["gpu-4"]
    assert fleet.repeated_jobs() == repeated
    # On one machine no balancer takes the proxy out before it ends: a connection may break there.
    lost = [[end for end in ends if end != "ok"] for ends in crowd.ends]
    assert all(len(of_client) <= 1 for of_client in lost), lost
    assert {end for ends in lost for end in ends} <= BROKEN, lost


def test_the_dashboard_asks_for_metrics_that_are_there(production: Production) -> None:
    """What Prometheus would scrape on every node, after work of each kind that panels show."""
    board = json.loads((REPOSITORY / "k8s/monitoring/inferloop.json").read_text(encoding="utf-8"))
    asked = {
        name
        for panel in board["panels"]
        for target in panel["targets"]
        for name in re.findall(r"ray_\w+", target["expr"])
    }
    assert len(asked) > 8
    # The counters of a node that an earlier test killed went with it, so the work is done here.
    ended = accepted(production, "sd15", 60)
    canceled = under_way(production, "sdxl", 150)
    job_route = f"{production.url}/api/v1/jobs/{canceled}"
    httpx.delete(
        job_route, headers={"X-API-Key": KEY}, timeout=SERVICE_PATIENCE_S
    ).raise_for_status()
    assert (
        httpx.get(job_route, headers={"X-API-Key": "wrong"}, timeout=SERVICE_PATIENCE_S).status_code
        == 401
    )
    both = (ended, canceled)
    wait_for(
        lambda: all("ended_at" in a_job(production, job_id) for job_id in both),
        SERVICE_PATIENCE_S,
        said=lambda: [a_job(production, job_id) for job_id in both],
    )
    seen: set[str] = set()

    def missing() -> set[str]:
        for url in production.fleet.metrics:
            page = httpx.get(url, timeout=SERVICE_PATIENCE_S).text
            seen.update(re.findall(r"^(ray_\w+)", page, re.MULTILINE))
        return asked - seen

    # Nothing failed here, no webhook was asked for, and no job runs any more.
    silent = {
        "ray_inferloop_engine_failed_total",
        "ray_inferloop_jobs_running",
        "ray_inferloop_webhook_attempts_total",
    }
    wait_for(lambda: missing() <= silent, SERVICE_PATIENCE_S, said=missing)
