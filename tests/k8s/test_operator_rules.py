"""What only the operator checks when it sees the resource (KubeRay 1.7, validation.go), and what
practice says: a manifest that fits the schema may still be refused by these."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.k8s.manifests import (
    FOLDERS,
    OVERLAYS,
    Manifest,
    Render,
    cluster_of,
    groups_of,
    the_service,
)


@pytest.fixture(params=FOLDERS)
def ray(request: pytest.FixtureRequest, render: Render) -> Manifest:
    (found,) = [m for m in render(request.param) if m["apiVersion"] == "ray.io/v1"]
    return found


def environment(group: Manifest) -> set[str]:
    return {v["name"] for c in group["template"]["spec"]["containers"] for v in c.get("env", ())}


def test_the_upgrade_strategy_is_one_of_three(ray: Manifest) -> None:
    strategy = ray["spec"].get("upgradeStrategy", {}).get("type", "NewCluster")
    assert strategy in ("NewCluster", "NewClusterWithIncrementalUpgrade", "None")
    if strategy == "NewClusterWithIncrementalUpgrade":
        options = ray["spec"]["upgradeStrategy"]["clusterUpgradeOptions"]
        assert cluster_of(ray)["enableInTreeAutoscaling"]
        assert 0 < options["stepSizePercent"] <= options.get("maxSurgePercent", 100) <= 100


def test_production_upgrades_without_downtime(render: Render) -> None:
    (service,) = [m for m in render("overlays/production") if m["kind"] == "RayService"]
    assert service["spec"]["upgradeStrategy"]["type"].startswith("NewCluster")


def test_autoscaler_v2_is_asked_for_once_and_may_replace_pods(ray: Manifest) -> None:
    cluster = cluster_of(ray)
    assert cluster["enableInTreeAutoscaling"] is True
    assert cluster["autoscalerOptions"]["version"] == "v2"
    for group in groups_of(ray):
        assert "RAY_enable_autoscaler_v2" not in environment(group)
        assert group["template"]["spec"].get("restartPolicy", "Never") == "Never"


def test_token_auth_has_the_version_that_it_needs(ray: Manifest) -> None:
    cluster = cluster_of(ray)
    version = tuple(int(part) for part in cluster["rayVersion"].split("."))
    assert cluster["authOptions"]["mode"] == "token"
    assert version >= (2, 52, 0)
    assert "enableK8sTokenAuth" not in cluster["authOptions"]  # not with RayService, RayJob


def test_the_version_is_the_one_in_the_image(ray: Manifest, root: Path) -> None:
    pinned = re.search(r"^ray==(.+)$", (root / "constraints.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    assert cluster_of(ray)["rayVersion"] == pinned[1]


def test_fault_tolerance_is_said_in_one_way(render: Render) -> None:
    (service,) = [m for m in render("overlays/production") if m["kind"] == "RayService"]
    options = cluster_of(service)["gcsFaultToleranceOptions"]
    assert options["redisAddress"].startswith("redis://")
    assert "ray.io/ft-enabled" not in service["metadata"].get("annotations", {})
    for group in groups_of(service):
        assert not {"RAY_REDIS_ADDRESS", "REDIS_PASSWORD"} & environment(group)
    assert "redis-password" not in cluster_of(service)["headGroupSpec"]["rayStartParams"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_worker_has_a_proxy_because_its_readiness_probe_asks_for_one(
    render: Render, overlay: str
) -> None:
    """With HeadOnly every worker stays unready for ever (kuberay#4994)."""
    config = yaml.safe_load(the_service(render, overlay)["spec"]["serveConfigV2"])
    assert config["proxy_location"] == "EveryNode"


def test_the_head_runs_no_work(ray: Manifest) -> None:
    parameters = cluster_of(ray)["headGroupSpec"]["rayStartParams"]
    assert parameters["num-cpus"] == "0"
    assert parameters["dashboard-host"] == "0.0.0.0"


def test_start_parameters_are_strings(ray: Manifest) -> None:
    for group in groups_of(ray):
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


def test_replicas_are_within_their_bounds(ray: Manifest) -> None:
    names = set()
    for group in cluster_of(ray)["workerGroupSpecs"]:
        assert 0 <= group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
        names.add(group["groupName"])
    assert len(names) == len(cluster_of(ray)["workerGroupSpecs"])


def test_the_ray_container_comes_first_and_leaves_the_probes_to_the_operator(
    ray: Manifest,
) -> None:
    for group in groups_of(ray):
        first = group["template"]["spec"]["containers"][0]
        assert first["name"] in ("ray-head", "ray-worker")
        assert not {"livenessProbe", "readinessProbe", "command", "args"} & set(first)


def test_names_leave_room_for_what_the_operator_appends(ray: Manifest) -> None:
    assert len(ray["metadata"]["name"]) <= 47


def test_the_job_goes_on_after_a_failure_and_leaves_nothing_running(render: Render) -> None:
    (job,) = [m for m in render("batch") if m["kind"] == "RayJob"]
    spec = job["spec"]
    assert spec["shutdownAfterJobFinishes"] is True
    assert spec["ttlSecondsAfterFinished"] >= 0
    assert spec["backoffLimit"] >= 1
    assert spec["submitterConfig"]["backoffLimit"] >= 5  # a new cluster has no agent for a while
    assert spec["submissionMode"] in ("K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode")
    assert spec["submitterPodTemplate"]["spec"]["restartPolicy"] in ("Never", "OnFailure")
    assert "clusterSelector" not in spec
