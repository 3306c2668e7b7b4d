"""Every overlay renders, and fits the schemas of Kubernetes and of the operator."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
from kubernetes_validate.utils import SchemaNotFoundError

from tests.k8s.crd_schemas import close, with_defaults
from tests.k8s.manifests import FOLDERS, Manifest, Render, groups_of

KUBERNETES = "1.33"
OTHERS_KINDS = {
    "RayService",
    "RayJob",
    "Gateway",
    "HTTPRoute",
    "ServiceMonitor",
    "PodMonitor",
    "PrometheusRule",
}
"""Kinds that Kubernetes itself does not know."""


def crd_schema(root: Path, kind: str) -> Manifest:
    path = root.parent / "shared" / "kuberay" / f"{kind.lower()}s.v1.json"
    if not path.exists():
        pytest.skip("the KubeRay CRD schemas (shared/kuberay) are not here")
    found: Manifest = json.loads(path.read_text(encoding="utf-8"))
    return found


def validate_ray(root: Path, manifest: Manifest) -> None:
    schema = crd_schema(root, manifest["kind"])
    body = with_defaults(schema, {k: v for k, v in manifest.items() if k != "metadata"})
    closed = close(schema)
    closed["properties"].pop("metadata", None)
    jsonschema.Draft202012Validator(closed).validate(body)


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_kubernetes_knows_is_valid(render: Render, folder: str) -> None:
    checked = 0
    for manifest in render(folder):
        if manifest["kind"] in OTHERS_KINDS:
            with pytest.raises(SchemaNotFoundError):
                kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
            continue
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
        checked += 1
    assert checked


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_the_operator_knows_is_valid(render: Render, root: Path, folder: str) -> None:
    ray = [m for m in render(folder) if m["apiVersion"] == "ray.io/v1"]
    assert len(ray) == 1
    validate_ray(root, ray[0])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "rayClusterConfig", "rayVersoin"), "2.60.0"),
        (("spec", "rayClusterConfig", "enableInTreeAutoscaling"), "yes"),
        (("spec", "rayClusterConfig", "autoscalerOptions", "version"), "v3"),
        (("spec", "rayClusterConfig", "workerGroupSpecs", 0, "minReplicas"), "two"),
        (("spec", "rayClusterConfig", "headGroupSpec", "template", "spec", "volums"), []),
    ],
)
def test_the_validation_catches_mistakes(
    render: Render, root: Path, path: tuple[str | int, ...], value: object
) -> None:
    (service,) = [m for m in render("overlays/production") if m["kind"] == "RayService"]
    broken: Any = deepcopy(service)
    node = broken
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        validate_ray(root, broken)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_pods_of_every_ray_group_are_valid_pods(render: Render, folder: str) -> None:
    for manifest in render(folder):
        if manifest["apiVersion"] != "ray.io/v1":
            continue
        for group in groups_of(manifest):
            template = group["template"]
            pod = {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "x", **template.get("metadata", {})},
                "spec": template["spec"],
            }
            kubernetes_validate.validate(pod, KUBERNETES, strict=True)
