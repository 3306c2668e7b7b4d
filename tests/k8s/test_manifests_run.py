"""Whether what the manifests ask for can run: places, drains, the edge, rights, the batch."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest
import yaml
from ray.serve._private import constants as serve_constants

from batch.config import load_config
from deployments.config import AppArgs
from deployments.observing.metrics import COUNTERS, GAUGES, LATENCY, AccessMetrics, JobMetrics
from docs.site.metric_page import Declared
from tests.k8s.manifests import (
    CLUSTERS,
    FOLDERS,
    OVERLAYS,
    Render,
    cluster_of,
    container,
    groups_of,
    known_secrets,
    least,
    of_kind,
    place,
    pods,
    the_service,
)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_deployment_finds_a_place(render: Render, overlay: str) -> None:
    service = the_service(render, overlay)
    config = yaml.safe_load(service["spec"]["serveConfigV2"])
    places = [place(group) for group in cluster_of(service)["workerGroupSpecs"]]
    for deployment in config["applications"][0]["deployments"]:
        options = deployment["ray_actor_options"]
        needed = {"CPU": options.get("num_cpus", 0), "GPU": options.get("num_gpus", 0)}
        needed |= options.get("resources", {})
        assert any(
            all(there.get(name, 0) >= amount for name, amount in needed.items()) for there in places
        ), deployment["name"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_least_replicas_fit_into_the_most_workers(render: Render, overlay: str) -> None:
    service = the_service(render, overlay)
    config = yaml.safe_load(service["spec"]["serveConfigV2"])
    groups = cluster_of(service)["workerGroupSpecs"]
    for name in ("CPU", "GPU"):
        room = sum(place(group).get(name, 0) * group["minReplicas"] for group in groups)
        needed = sum(
            least(deployment) * deployment["ray_actor_options"].get(f"num_{name.lower()}s", 0)
            for deployment in config["applications"][0]["deployments"]
        )
        assert needed <= room, name


@pytest.mark.parametrize("overlay", CLUSTERS)
def test_drains_are_longer_than_the_longest_shutdown(render: Render, overlay: str) -> None:
    service = the_service(render, overlay)
    config = yaml.safe_load(service["spec"]["serveConfigV2"])
    longest = max(
        d.get("graceful_shutdown_timeout_s", 20) for d in config["applications"][0]["deployments"]
    )
    for group in cluster_of(service)["workerGroupSpecs"]:
        *_, script = container(group)["lifecycle"]["preStop"]["exec"]["command"]
        drain = re.search(r"-m (deployments\.drain) --within-s (\d+)", script)
        assert drain is not None
        assert importlib.util.find_spec(drain[1]) is not None
        assert longest <= int(drain[2])
        assert int(drain[2]) < group["template"]["spec"]["terminationGracePeriodSeconds"]
    assert service["spec"]["rayClusterDeletionDelaySeconds"] >= longest


def environment_of(render: Render, overlay: str) -> dict[str, str]:
    (found,) = [
        m["data"]
        for m in of_kind(render(f"overlays/{overlay}"), "ConfigMap")
        if m["metadata"]["name"].startswith("inferloop-env-")
    ]
    return dict(found)


@pytest.mark.parametrize("overlay", CLUSTERS)
def test_haproxy_lets_the_longest_request_end(render: Render, overlay: str) -> None:
    """Its old process is cut off some time after every change of the ingress replicas."""
    environment = environment_of(render, overlay)
    config = yaml.safe_load(the_service(render, overlay)["spec"]["serveConfigV2"])
    api = AppArgs.model_validate(config["applications"][0]["args"]).api
    side, steps = api.bounds.max_side_px, api.bounds.max_inference_steps
    longest = api.jobs.deadline_s(side, side, steps)
    assert environment["RAY_SERVE_ENABLE_HA_PROXY"] == "1"
    assert environment["RAY_SERVE_THROUGHPUT_OPTIMIZED"] == "1"
    assert float(environment["RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S"]) > longest
    assert (
        int(environment["RAY_SERVE_HAPROXY_TIMEOUT_CLIENT_S"])
        >= config["http_options"]["request_timeout_s"]
    )


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_switch_of_serve_is_one_that_serve_reads(render: Render, overlay: str) -> None:
    """A misspelt one would be ignored in silence."""
    source = Path(serve_constants.__file__).read_text(encoding="utf-8")
    for name in environment_of(render, overlay):
        if name.startswith("RAY_SERVE_"):
            assert f'"{name}"' in source, name


def test_the_edge_strips_serves_own_request_headers(render: Render) -> None:
    (route,) = of_kind(render("overlays/production"), "HTTPRoute")
    (rule,) = route["spec"]["rules"]
    removed = {
        header
        for each in rule["filters"]
        if each["type"] == "RequestHeaderModifier"
        for header in each["requestHeaderModifier"]["remove"]
    }
    assert {
        serve_constants.SERVE_HTTP_REQUEST_TIMEOUT_S_HEADER,
        serve_constants.SERVE_HTTP_REQUEST_DISCONNECT_DISABLED_HEADER,
        serve_constants.SERVE_MULTIPLEXED_MODEL_ID,
        serve_constants.SERVE_MULTIPLEXED_MODEL_ID.replace("_", "-"),
        serve_constants.SERVE_SESSION_ID,
        serve_constants.SERVE_SESSION_ID.replace("-", "_"),
    } == removed


@pytest.mark.parametrize("overlay", CLUSTERS)
def test_the_edge_waits_as_long_as_serve(render: Render, overlay: str) -> None:
    config = yaml.safe_load(the_service(render, overlay)["spec"]["serveConfigV2"])
    (route,) = of_kind(render(f"overlays/{overlay}"), "HTTPRoute")
    timeout = route["spec"]["rules"][0]["timeouts"]["request"]
    assert timeout == f"{config['http_options']['request_timeout_s']}s"


def test_the_gateway_and_its_route_agree(render: Render, root: Path) -> None:
    manifests = render("overlays/production")
    (gateway,), (route,) = of_kind(manifests, "Gateway"), of_kind(manifests, "HTTPRoute")
    (listener,) = gateway["spec"]["listeners"]
    (parent,) = route["spec"]["parentRefs"]
    assert parent == {"name": gateway["metadata"]["name"], "sectionName": listener["name"]}
    assert route["spec"]["hostnames"] == [listener["hostname"]]
    (certificate,) = listener["tls"]["certificateRefs"]
    assert certificate["name"] in known_secrets(root)


def test_redis_is_named_as_it_is_deployed(render: Render, root: Path) -> None:
    manifests = render("overlays/production")
    (service,) = of_kind(manifests, "RayService")
    (redis,) = of_kind(manifests, "Service")
    address = cluster_of(service)["gcsFaultToleranceOptions"]["redisAddress"]
    host = f"{redis['metadata']['name']}:{redis['spec']['ports'][0]['port']}"
    assert address == f"redis://{host}"
    text = (root / "k8s" / "secrets.example.yaml").read_text(encoding="utf-8")
    secret = next(s for s in yaml.safe_load_all(text) if s["metadata"]["name"] == "inferloop-redis")
    assert secret["stringData"]["url"] == f"redis://:{secret['stringData']['password']}@{host}/1"


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_container_is_root_or_may_become_it(render: Render, folder: str) -> None:
    for pod in pods(render(folder)):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for each in pod["containers"]:
            assert each["securityContext"]["allowPrivilegeEscalation"] is False
            assert each["securityContext"]["readOnlyRootFilesystem"] is True
            assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert each["resources"]["limits"]["memory"] == each["resources"]["requests"]["memory"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_budgets_and_policies_select_pods_that_exist(render: Render, overlay: str) -> None:
    manifests = render(f"overlays/{overlay}")
    labels = [
        g["template"]["metadata"]["labels"]
        for m in of_kind(manifests, "RayService")
        for g in groups_of(m)
    ]
    labels += [
        m["spec"]["template"]["metadata"]["labels"] for m in of_kind(manifests, "StatefulSet")
    ]
    for policy in of_kind(manifests, "NetworkPolicy"):
        for rule in policy["spec"]["ingress"]:
            assert rule.get("from"), "no port is open to everybody"
        wanted = policy["spec"]["podSelector"]["matchLabels"]
        assert any(wanted.items() <= there.items() for there in labels)
    components = {there.get("app.kubernetes.io/component") for there in labels}
    for budget in of_kind(manifests, "PodDisruptionBudget"):
        component = budget["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]
        assert component in components or overlay not in CLUSTERS


def test_the_batch_job_loads_through_its_typed_config(
    render: Render, root: Path, tmp_path: Path
) -> None:
    manifests = render("batch")
    (job,) = of_kind(manifests, "RayJob")
    mounted = job["spec"]["entrypoint"].split("--config ")[1]
    folder, _, name = mounted.rpartition("/")
    head = cluster_of(job)["headGroupSpec"]
    assert folder in {m["mountPath"] for m in container(head)["volumeMounts"]}
    volume = next(v for v in head["template"]["spec"]["volumes"] if v["name"] == "job")
    config_map = next(m for m in manifests if m["metadata"]["name"] == volume["configMap"]["name"])
    (tmp_path / name).write_text(config_map["data"][name], encoding="utf-8")
    config = load_config(tmp_path / name)
    groups = {g["groupName"]: place(g) for g in cluster_of(job)["workerGroupSpecs"]}
    resources = config.resources
    assert resources.generator_gpus <= groups["gpu"]["GPU"]
    assert resources.generator_cpus <= groups["gpu"]["CPU"]
    assert set(resources.generator_resources) <= set(groups["gpu"])
    assert set(resources.checker_resources) <= set(groups["cpu"])


def test_the_example_job_loads(root: Path) -> None:
    assert load_config(root / "batch" / "example.yaml").name == "example"


def test_the_dashboard_asks_for_metrics_that_the_service_has(render: Render) -> None:
    (board,) = [
        m
        for m in of_kind(render("overlays/production"), "ConfigMap")
        if "inferloop.json" in m["data"]
    ]
    expressions = [
        t["expr"]
        for p in json.loads(board["data"]["inferloop.json"])["panels"]
        for t in p["targets"]
    ]
    (rules,) = of_kind(render("overlays/production"), "PrometheusRule")
    expressions += [rule["expr"] for rule in rules["spec"]["groups"][0]["rules"]]
    asked = {name for e in expressions for name in re.findall(r"ray_(inferloop_engine_\w+)", e)}
    engine = {f"inferloop_engine_{name}" for name in (*COUNTERS, *GAUGES)}
    assert asked <= engine | {f"{LATENCY}_bucket"}
    assert f"{LATENCY}_bucket" in asked
    assert len(asked) >= 8
    declared = Declared()
    JobMetrics(declared)
    AccessMetrics(declared)
    known = {row[0].strip("`") for row in declared.rows}
    others = {name for e in expressions for name in re.findall(r"ray_inferloop_(?!engine)\w+", e)}
    assert len(others) >= 5
    assert others <= known
