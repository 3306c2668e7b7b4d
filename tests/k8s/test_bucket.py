"""The components that put a bucket in the place of the shared volume, on what they are made for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tests.k8s.conftest import rendered
from tests.k8s.manifests import Manifest, container, groups_of, of_kind

PAIRS = [
    ("overlays/cpu-dev", "s3"),
    ("overlays/gpu", "s3"),
    ("overlays/production", "s3-production"),
    ("overlays/production-to-zero", "s3-production"),
    ("batch", "s3-batch"),
]


@pytest.fixture(scope="module", params=PAIRS, ids=lambda pair: pair[0].replace("overlays/", ""))
def with_bucket(
    request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Manifest]:
    """The folder's manifests as an overlay of a user's own with the component would make them."""
    folder, component = request.param
    tmp_path = tmp_path_factory.mktemp("overlay")
    overlay = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(root / "k8s" / folder, tmp_path)],
        "components": [os.path.relpath(root / "k8s" / "components" / component, tmp_path)],
    }
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(overlay), encoding="utf-8")
    return [manifest for manifest in yaml.safe_load_all(rendered(str(tmp_path))) if manifest]


def test_the_volume_and_all_that_named_it_are_gone(with_bucket: list[Manifest]) -> None:
    (ray,) = of_kind(with_bucket, "RayService", "RayJob")
    claims = {m["metadata"]["name"] for m in of_kind(with_bucket, "PersistentVolumeClaim")}
    assert "inferloop-data" not in claims
    for group in groups_of(ray):
        volumes = {volume["name"] for volume in group["template"]["spec"]["volumes"]}
        mounts = {mount["name"] for mount in container(group)["volumeMounts"]}
        assert volumes == mounts
        assert "data" not in volumes
        assert "models" in volumes


def test_the_data_root_is_the_bucket_on_every_pod(with_bucket: list[Manifest]) -> None:
    (ray,) = of_kind(with_bucket, "RayService", "RayJob")
    maps = {m["metadata"]["name"]: m["data"] for m in of_kind(with_bucket, "ConfigMap")}
    for group in groups_of(ray):
        (source,) = container(group)["envFrom"]
        values = maps[source["configMapRef"]["name"]]
        assert values["INFERLOOP_DATA_ROOT"].startswith("s3://")
        assert values["AWS_REGION"]
        assert values["RAY_AUTH_MODE"] == "token"
