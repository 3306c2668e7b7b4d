"""What the image installs: every package by version and hash, and all that the service asks for."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FILES = ("image.txt", "torch-cpu.txt", "torch-cuda.txt")


@pytest.fixture(scope="module")
def lock(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("lock", root / "requirements" / "lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text_of(root: Path, name: str) -> str:
    return (root / "requirements" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_every_package_has_an_exact_version_and_hashes(
    lock: ModuleType, root: Path, name: str
) -> None:
    found = lock.entries(text_of(root, name))
    assert len(found) == len(lock.versions(text_of(root, name))) > 0
    for entry in found:
        requirement, *hashes = [line.strip(" \\") for line in entry.splitlines()]
        assert re.fullmatch(r"[\w.-]+==[\w.+]+", requirement)
        assert hashes
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes)


@pytest.mark.parametrize("name", FILES)
def test_every_version_is_the_one_that_is_tested(lock: ModuleType, root: Path, name: str) -> None:
    tested = lock.versions((root / "constraints.txt").read_text(encoding="utf-8"))
    for package, version in lock.versions(text_of(root, name)).items():
        assert tested[package] == version.removesuffix("+cpu"), package


@pytest.mark.parametrize("torch", ["torch-cpu.txt", "torch-cuda.txt"])
def test_nothing_that_the_service_needs_is_missing(
    lock: ModuleType, root: Path, torch: str
) -> None:
    """`--no-deps` fetches nothing on its own: the files must hold all that is declared, and all
    that those packages ask for (as they are installed here)."""
    held = lock.versions(text_of(root, "image.txt")) | lock.versions(text_of(root, torch))
    waiting = [Requirement(line) for line in lock.declared(root / "pyproject.toml")]
    seen: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        assert name in held, requirement
        assert requirement.specifier.contains(held[name], prereleases=True), requirement
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        for line in importlib.metadata.requires(name) or ():
            further = Requirement(line)
            contexts = [{"extra": extra} for extra in ("", *requirement.extras)]
            if further.marker is None or any(further.marker.evaluate(c) for c in contexts):
                waiting.append(further)
    assert len(seen) > 50


def test_the_two_kinds_of_torch_lie_apart(lock: ModuleType, root: Path) -> None:
    common, cpu, cuda = (set(lock.versions(text_of(root, name))) for name in FILES)
    assert cpu == {"torch"}
    assert "nvidia-cublas" in cuda
    assert not common & (cpu | cuda)
    assert not any(name.startswith("nvidia-") for name in common)


def test_the_image_installs_by_hash_and_nothing_else(root: Path) -> None:
    text = (root / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    installs = re.findall(r"pip3? install([^&\n]*)", text)
    assert len(installs) == 3
    for options in installs:
        assert {"--require-hashes", "--no-deps"} <= set(options.split())
        assert re.search(r"--only-binary\s+:all:", options)
        assert re.sub(r"\s(-r|--\S+)( (https|:|/)\S+)?", "", options).split() == re.findall(
            r"\S+\.txt", options
        )
    assert {name for options in installs for name in re.findall(r"\S+\.txt", options)} == set(FILES)


def test_the_versions_are_resolved_for_the_images_python(lock: ModuleType, root: Path) -> None:
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    assert f"PYTHON_IMAGE=python:{lock.PYTHON}-slim" in text


def test_the_files_can_be_made_again_by_make(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    assert re.search(
        r"^image-requirements:.*\n\t\$\(BIN\)/python requirements/lock\.py$", makefile, re.M
    )


def test_the_files_are_read_as_pip_reads_them(lock: ModuleType) -> None:
    assert lock.versions("A_b.c==1.0 \\\n  --hash=x\nother>=2\n# d==3\n") == {"a-b-c": "1.0"}
    assert lock.entries("# head\na==1 \\\n    --hash=x\nb==2\n") == [
        "a==1 \\\n    --hash=x\n",
        "b==2\n",
    ]
