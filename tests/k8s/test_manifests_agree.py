"""What is named in one place exists in the other: images, ports, volumes, keys, environment."""

from __future__ import annotations

import importlib.util
import re
import types
from pathlib import Path

import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from deployments.config import AppArgs
from serve_app.access.keys_file import parse_keys
from tests.k8s.manifests import (
    CLUSTERS,
    FOLDERS,
    OVERLAYS,
    Manifest,
    Render,
    cluster_of,
    container,
    groups_of,
    known_secrets,
    of_kind,
    place,
    pods,
    the_service,
)


def renderer(root: Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("k8s_render", root / "k8s" / "render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_serve_config_is_the_one_in_configs(render: Render, root: Path, overlay: str) -> None:
    deployed = the_service(render, overlay)["spec"]["serveConfigV2"]
    assert deployed == renderer(root).rendered()[overlay]
    if overlay != "cpu-dev":
        assert deployed == (root / "configs" / f"{overlay}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_serve_config_loads_through_the_typed_config(render: Render, overlay: str) -> None:
    config = yaml.safe_load(the_service(render, overlay)["spec"]["serveConfigV2"])
    schema = ServeDeploySchema.model_validate(config)
    (application,) = schema.applications
    assert application.import_path == "deployments.app:build"
    AppArgs.model_validate(config["applications"][0]["args"])


def test_outdated_copies_are_told(root: Path) -> None:
    assert renderer(root).main(["--check"]) == 0


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_port_is_the_same_everywhere(render: Render, overlay: str) -> None:
    manifests = render(f"overlays/{overlay}")
    (service,) = of_kind(manifests, "RayService")
    http = yaml.safe_load(service["spec"]["serveConfigV2"])["http_options"]
    assert (http["host"], http["port"]) == ("0.0.0.0", 8000)
    for group in groups_of(service):
        ports = {p["name"]: p["containerPort"] for p in container(group)["ports"]}
        assert ports["serve"] == http["port"]
        assert ports["metrics"] == 8080
    for policy, opened in (("inferloop-ray", {8000, 8080, 8265}), ("inferloop-api", {8000})):
        rules = next(m for m in manifests if m["metadata"]["name"] == policy)["spec"]["ingress"]
        assert {p["port"] for rule in rules for p in rule.get("ports", ())} == opened
    for route in of_kind(manifests, "HTTPRoute"):
        (backend,) = route["spec"]["rules"][0]["backendRefs"]
        name = f"{service['metadata']['name']}-serve-svc"
        assert (backend["name"], backend["port"]) == (name, http["port"])


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_cuda_image_runs_where_the_gpus_are(render: Render, folder: str) -> None:
    for manifest in of_kind(render(folder), "RayService", "RayJob"):
        for group in groups_of(manifest):
            has_gpu = "nvidia.com/gpu" in container(group)["resources"]["limits"]
            assert container(group)["image"].endswith("-cuda") == has_gpu


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_mount_has_its_volume_and_every_volume_its_claim(
    render: Render, root: Path, folder: str
) -> None:
    # The batch runs beside the service and shares its claims.
    manifests = render(folder) + (render("overlays/production") if folder == "batch" else [])
    claims = {m["metadata"]["name"] for m in of_kind(manifests, "PersistentVolumeClaim")}
    config_maps = {m["metadata"]["name"] for m in of_kind(manifests, "ConfigMap")}
    accounts = {m["metadata"]["name"] for m in of_kind(manifests, "ServiceAccount")}
    secrets = known_secrets(root)
    for pod in pods(manifests):
        volumes = {volume["name"] for volume in pod.get("volumes", ())}
        for each in pod["containers"]:
            mounted = {mount["name"] for mount in each.get("volumeMounts", ())}
            assert mounted == volumes or mounted == {"redis-data"}
            for source in each.get("envFrom", ()):
                assert source["configMapRef"]["name"] in config_maps
            for variable in each.get("env", ()):
                reference = variable["valueFrom"]["secretKeyRef"]
                assert reference["key"] in secrets[reference["name"]]
        for volume in pod.get("volumes", ()):
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in claims
            elif "emptyDir" in volume:
                assert volume["name"] in ("tmp", "home")
            elif "secret" in volume:
                assert volume["secret"]["secretName"] in secrets
            else:
                assert volume["configMap"]["name"] in config_maps
        assert pod["serviceAccountName"] in accounts


def test_no_secret_is_applied_from_git(render: Render) -> None:
    for folder in FOLDERS:
        assert of_kind(render(folder), "Secret") == []


def test_the_example_of_a_keys_file_is_one_that_the_service_reads(root: Path) -> None:
    text = (root / "k8s" / "secrets.example.yaml").read_text(encoding="utf-8")
    (secret, *_) = [each for each in yaml.safe_load_all(text) if each]
    records = parse_keys(secret["stringData"]["api-keys"].encode())
    assert [record.caller.name for record in records] == ["vision-ci", "operator"]


def holds_the_ingress(service: Manifest, group: Manifest) -> bool:
    """Whether Serve may place the ingress on pods of the group."""
    (application,) = yaml.safe_load(service["spec"]["serveConfigV2"])["applications"]
    (ingress,) = (d for d in application["deployments"] if d["name"] == "ingress")
    wanted = set(ingress["ray_actor_options"].get("resources", ()))
    return group["rayStartParams"].get("num-cpus") != "0" and wanted <= set(place(group))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_secrets_are_where_the_ingress_is_and_nowhere_else(render: Render, overlay: str) -> None:
    (service,) = of_kind(render(f"overlays/{overlay}"), "RayService")
    readers = [holds_the_ingress(service, group) for group in groups_of(service)]
    assert readers.count(True) == 1
    for group, reads in zip(groups_of(service), readers, strict=True):
        pod = group["template"]["spec"]
        held = {v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v}
        held |= {
            variable["valueFrom"]["secretKeyRef"]["name"]
            for variable in container(group).get("env", ())
            if "valueFrom" in variable
        }
        assert held <= ({"inferloop-api-keys", "inferloop-redis"} if reads else set())


@pytest.mark.parametrize("overlay", CLUSTERS)
def test_nothing_but_the_ingress_runs_where_the_keys_are(render: Render, overlay: str) -> None:
    service = the_service(render, overlay)
    (application,) = yaml.safe_load(service["spec"]["serveConfigV2"])["applications"]
    (group,) = [g for g in cluster_of(service)["workerGroupSpecs"] if holds_the_ingress(service, g)]
    there = place(group)
    fitting = [
        deployment["name"]
        for deployment in application["deployments"]
        if set(deployment["ray_actor_options"].get("resources", ())) <= set(there)
    ]
    assert fitting == ["ingress"]
    scaling = application["deployments"][0]["autoscaling_config"]
    assert group["minReplicas"] == scaling["min_replicas"]  # at most one on a node
    assert group["maxReplicas"] == scaling["max_replicas"]
    assert group["template"]["metadata"]["labels"]["app.kubernetes.io/component"] == "ingress"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_api_is_reached_from_the_gateway_alone_and_never_through_the_head(
    render: Render, overlay: str
) -> None:
    """The service's endpoints are the workers, and the policy opens just these."""
    manifests = render(f"overlays/{overlay}")
    (service,) = of_kind(manifests, "RayService")
    assert service["spec"]["excludeHeadPodFromServeSvc"] is True
    (policy,) = [m for m in manifests if m["metadata"]["name"] == "inferloop-api"]
    wanted = policy["spec"]["podSelector"]["matchLabels"]
    head, *workers = groups_of(service)
    assert not wanted.items() <= head["template"]["metadata"]["labels"].items()
    assert all(wanted.items() <= w["template"]["metadata"]["labels"].items() for w in workers)
    (rule,) = policy["spec"]["ingress"]
    gateway = {"matchLabels": {"inferloop.dev/gateway": "true"}}
    assert rule["from"] == [{"namespaceSelector": gateway}]
    for other in of_kind(manifests, "NetworkPolicy"):
        if other is not policy:
            sources = [source for rule in other["spec"]["ingress"] for source in rule["from"]]
            assert {"namespaceSelector": gateway} not in sources


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_environment_names_what_is_mounted(render: Render, root: Path, overlay: str) -> None:
    manifests = render(f"overlays/{overlay}")
    (service,) = of_kind(manifests, "RayService")
    (env,) = [
        m
        for m in of_kind(manifests, "ConfigMap")
        if m["metadata"]["name"].startswith("inferloop-env-")
    ]
    values = env["data"]
    for group in groups_of(service):
        mounts = {m["mountPath"] for m in container(group)["volumeMounts"]}
        assert {values["INFERLOOP_DATA_ROOT"], values["HF_HOME"]} <= mounts
        folder, _, key = values["INFERLOOP_API_KEYS_FILE"].rpartition("/")
        assert (folder in mounts) == holds_the_ingress(service, group)
        assert key in known_secrets(root)["inferloop-api-keys"]
    dockerfile = (root / "Dockerfile").read_text(encoding="utf-8")
    for name in ("INFERLOOP_DATA_ROOT", "INFERLOOP_MODELS_ROOT", "HF_HOME"):
        assert f"{name}={values[name]} " in dockerfile


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_auth_mode_is_said_twice_and_the_same(render: Render, folder: str) -> None:
    manifests = render(folder)
    (ray,) = of_kind(manifests, "RayService", "RayJob")
    modes = {
        m["data"]["RAY_AUTH_MODE"]
        for m in of_kind(manifests, "ConfigMap")
        if "RAY_AUTH_MODE" in m["data"]
    }
    assert modes == {cluster_of(ray)["authOptions"]["mode"]}


def test_the_environment_change_reaches_the_pods(render: Render) -> None:
    manifests = render("overlays/production")
    (service,) = of_kind(manifests, "RayService")
    (name,) = {
        source["configMapRef"]["name"]
        for group in groups_of(service)
        for source in container(group)["envFrom"]
    }
    assert re.fullmatch(r"inferloop-env-[a-z0-9]{10}", name)
