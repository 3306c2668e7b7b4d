"""Which images run: each is named in one place, where a release puts its digest."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.k8s.conftest import rendered
from tests.k8s.manifests import FOLDERS, Manifest, Render, pods

DIGEST = re.compile(r"[\w./:-]+@sha256:[0-9a-f]{64}")
TAGGED = re.compile(r"[\w./-]+:[\w.-]+")


def images_of(manifests: list[Manifest]) -> Iterator[str]:
    for pod in pods(manifests):
        yield from (
            each["image"] for kind in ("containers", "initContainers") for each in pod.get(kind, ())
        )


def kustomizations(root: Path) -> list[Path]:
    return sorted((root / "k8s").rglob("kustomization.yaml"))


def set_images(root: Path) -> dict[str, list[Manifest]]:
    """Name that the manifests use to what each kustomization makes of it."""
    found: dict[str, list[Manifest]] = {}
    for path in kustomizations(root):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")).get("images", ()):
            found.setdefault(entry["name"], []).append(entry)
    return found


def test_manifests_name_images_by_what_a_release_sets_or_by_digest(root: Path) -> None:
    known = set(set_images(root))
    named = []
    for path in (root / "k8s").rglob("*.yaml"):
        if path.name != "serve_config.yaml":
            named += re.findall(
                r"^\s*(?:- )?image: *([^\s#]+)", path.read_text("utf-8"), re.MULTILINE
            )
    assert len(named) > 5
    assert [name for name in named if name not in known and not DIGEST.fullmatch(name)] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_image_is_ours_and_has_a_version(render: Render, root: Path, folder: str) -> None:
    stages = re.findall(r" AS (\w+)$", (root / "Dockerfile").read_text(), re.MULTILINE)
    for image in images_of(render(folder)):
        name, _, tag = image.rpartition(":")
        if DIGEST.fullmatch(image):
            continue
        assert tag not in ("", "latest"), image
        if "inferloop" in name:
            assert tag.rpartition("-")[2] in stages
        else:
            assert re.fullmatch(r"redis:\d+\.\d+\.\d+-\w+", image)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_release_sets_every_digest_in_one_file(root: Path, tmp_path: Path, folder: str) -> None:
    copied = shutil.copytree(root / "k8s", tmp_path / "k8s")
    digest = "sha256:" + "0123456789abcdef" * 4
    for path in kustomizations(tmp_path):
        text = yaml.safe_load(path.read_text(encoding="utf-8"))
        if "images" in text:
            # What `kustomize edit set image NAME=REPOSITORY@DIGEST` writes.
            text["images"] = [
                {"name": e["name"], "newName": e["newName"], "digest": digest}
                for e in text["images"]
            ]
            path.write_text(yaml.safe_dump(text), encoding="utf-8")
    manifests = [m for m in yaml.safe_load_all(rendered(str(copied / folder))) if m]
    images = list(images_of(manifests))
    assert images
    assert [image for image in images if not DIGEST.fullmatch(image)] == []


def test_the_dockerfile_builds_on_its_argument_and_its_own_stages_only(root: Path) -> None:
    """The directive `syntax=` and `COPY --from=` name images as well."""
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    assert not re.search(r"^#\s*syntax\s*=(?!.*@sha256:)", text, re.MULTILINE | re.IGNORECASE)
    bases = re.findall(r"^FROM (?:--\S+ )*(\S+) AS (\S+)$", text, re.MULTILINE)
    assert len(bases) == len(re.findall(r"^FROM", text, re.MULTILINE))
    stages = {stage for _, stage in bases}
    assert {base for base, _ in bases} - stages <= {"${PYTHON_IMAGE}", "scratch"}
    assert set(re.findall(r"--from=(\S+)", text)) <= stages
    (default,) = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", text, re.MULTILINE)
    assert TAGGED.fullmatch(default) or DIGEST.fullmatch(default)
    assert "--build-arg PYTHON_IMAGE=" in (root / "docs" / "kubernetes.md").read_text("utf-8")
