"""No other place of the repository starts a Ray."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.importing import modules

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("engines", "serve_app", "deployments", "batch", "benchmarks", "training", "tests")


SAYS_IT_TO_SEE_IT_REFUSED = {
    "tests.deployments.local.test_launch",
    "tests.local_ray.test_environment",
    "tests.local_ray.test_only_one_home",
    "tests.security.test_listening_sockets",
}


@pytest.mark.parametrize(
    "pattern",
    [r"RAY_AUTH_MODE.{0,6}disabled", r"ray\.init\(\s*\)", r'address="local"'],
)
def test_a_ray_is_started_in_local_ray_only(pattern: str) -> None:
    found = [
        module.name
        for module in modules(ROOT, PACKAGES)
        if re.search(pattern, module.path.read_text(encoding="utf-8"))
        and module.name not in SAYS_IT_TO_SEE_IT_REFUSED
    ]
    assert found == []
