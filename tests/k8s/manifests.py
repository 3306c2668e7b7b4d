"""Functions to find objects in rendered manifests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
Render = Callable[[str], list[Manifest]]
"""`render("overlays/gpu")` returns the manifests that kustomize makes of the folder."""

OVERLAYS = ("cpu-dev", "gpu", "production", "production-to-zero")
CLUSTERS = ("production", "production-to-zero")
"""Overlays with CPU and GPU nodes."""
FOLDERS = (*(f"overlays/{name}" for name in OVERLAYS), "batch")


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    return [m for m in manifests if m["kind"] in kinds]


def the_service(render: Render, overlay: str) -> Manifest:
    (service,) = of_kind(render(f"overlays/{overlay}"), "RayService")
    return service


def cluster_of(manifest: Manifest) -> Manifest:
    spec = manifest["spec"]
    cluster: Manifest = spec.get("rayClusterConfig") or spec["rayClusterSpec"]
    return cluster


def groups_of(manifest: Manifest) -> list[Manifest]:
    cluster = cluster_of(manifest)
    return [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]


def pods(manifests: list[Manifest]) -> Iterator[Manifest]:
    """The pod specs of all objects that create pods."""
    for manifest in manifests:
        if manifest["kind"] in ("RayService", "RayJob"):
            yield from (group["template"]["spec"] for group in groups_of(manifest))
        if manifest["kind"] == "RayJob":
            yield manifest["spec"]["submitterPodTemplate"]["spec"]
        if manifest["kind"] in ("StatefulSet", "Deployment"):
            yield manifest["spec"]["template"]["spec"]


def container(group: Manifest) -> Manifest:
    found: Manifest = group["template"]["spec"]["containers"][0]
    return found


def known_secrets(root: Path) -> dict[str, set[str]]:
    text = (root / "k8s" / "secrets.example.yaml").read_text(encoding="utf-8")
    found = [secret for secret in yaml.safe_load_all(text) if secret]
    return {secret["metadata"]["name"]: set(secret["stringData"]) for secret in found}


def least(deployment: Manifest) -> int:
    scaling = deployment.get("autoscaling_config")
    return int(scaling["min_replicas"] if scaling else deployment.get("num_replicas", 1))


def place(group: Manifest) -> dict[str, float]:
    limits = container(group)["resources"]["limits"]
    said = group["rayStartParams"].get("resources", '"{}"')
    custom = json.loads(json.loads(said))
    return {"CPU": float(limits["cpu"]), "GPU": float(limits.get("nvidia.com/gpu", 0)), **custom}
