"""Which replicas of a config are forks of which process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ray.serve.schema import ServeDeploySchema

from deployments import config_files
from deployments.local.forked_worker import VARIABLE
from deployments.local.worker_stages import stages, with_stages

ROOT = Path(__file__).resolve().parents[3]
IMPORT_ALL = """
import sys
from importlib import import_module
for name in sys.argv[1:]:
    import_module(name)
print([name for name in ("ray", "torch", "dlib") if name in sys.modules])
"""


def local() -> dict[str, Any]:
    return config_files.load(ROOT / "configs" / "local.yaml")


def options_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    (application,) = document["applications"]
    (found,) = [each for each in application["deployments"] if each["name"] == name]
    options: dict[str, Any] = found.get("ray_actor_options") or {}
    return options


def test_the_diffusion_and_the_cpu_replica_of_the_local_service_have_stages(tmp_path: Path) -> None:
    first = stages(local(), tmp_path)
    assert first is not None
    diffusion, cpu = first.then
    assert (first.forks, diffusion.forks, cpu.forks) == (None, 1, 1)
    # PyTorch's thread library reads it when it is loaded.
    assert diffusion.env_vars["GOMP_SPINCOUNT"] == "2000"

    document = with_stages(local(), first)
    ServeDeploySchema.model_validate(document)
    for stage, name in ((diffusion, "diffusion-default"), (cpu, "cpu")):
        variables = options_of(document, name)["runtime_env"]["env_vars"]
        assert variables == {
            **stage.env_vars,
            VARIABLE: f"{stage.socket}:{first.socket}",
        }
    # All others are forks of the first stage by the job's environment.
    assert "runtime_env" not in options_of(document, "ingress")
    assert local() == config_files.load(ROOT / "configs" / "local.yaml")


def test_replicas_on_gpus_and_with_more_processes_later_have_stages_that_fit(
    tmp_path: Path,
) -> None:
    document = local()
    (application,) = document["applications"]
    application["deployments"] = [
        {"name": "diffusion-a", "ray_actor_options": {"num_gpus": 1}},
        {"name": "diffusion-b", "autoscaling_config": {"min_replicas": 2, "max_replicas": 4}},
        {"name": "diffusion-c", "num_replicas": 3},
        {"name": "exporter"},
    ]
    first = stages(document, tmp_path)
    assert first is not None
    assert [each.forks for each in first.then] == [2, 3]
    sockets = [
        options.get("runtime_env", {}).get("env_vars", {}).get(VARIABLE, "").partition(":")[0]
        for options in (options_of(with_stages(document, first), f"diffusion-{n}") for n in "abc")
    ]
    assert sockets == ["", *(str(each.socket) for each in first.then)]


@pytest.mark.parametrize(
    ("change", "forks"),
    [
        ({"num_replicas": "auto"}, [1, 1]),
        ({"num_replicas": None}, [1, 1]),
        ({"autoscaling_config": {"max_replicas": 3}}, [1, 1]),
        ({"autoscaling_config": {"min_replicas": 1, "initial_replicas": 2}}, [2, 1]),
        ({"autoscaling_config": {"min_replicas": 0, "max_replicas": 3}}, [1]),
        ({"ray_actor_options": {"runtime_env": {"env_vars": {"NUMBER": 1}}}}, [1]),
        ({"ray_actor_options": {"runtime_env": {"env_vars": {"PLACE": "$HOME/x"}}}}, [1]),
    ],
    ids=str,
)
def test_whatever_serve_takes_is_no_reason_not_to_start(
    tmp_path: Path, change: dict[str, Any], forks: list[int]
) -> None:
    document = local()
    (application,) = document["applications"]
    (diffusion,) = [d for d in application["deployments"] if d["name"] == "diffusion-default"]
    del diffusion["num_replicas"]
    diffusion |= change
    ServeDeploySchema.model_validate(document)
    first = stages(document, tmp_path)
    assert first is not None
    assert [each.forks for each in first.then] == forks
    ServeDeploySchema.model_validate(with_stages(document, first))


def test_a_config_whose_deployments_are_not_listed_has_the_first_stage_only(tmp_path: Path) -> None:
    document = local()
    del document["applications"][0]["deployments"]
    first = stages(document, tmp_path)
    assert first is not None
    assert first.then == ()


def test_no_worker_is_a_fork_where_a_replica_has_packages_of_its_own(tmp_path: Path) -> None:
    document = local()
    options_of(document, "cpu")["runtime_env"] = {"pip": ["another-package"]}
    assert stages(document, tmp_path) is None


@pytest.mark.slow  # imports PyTorch and diffusers
def test_the_modules_of_the_stages_can_be_imported_and_do_not_import_ray(tmp_path: Path) -> None:
    first = stages(local(), tmp_path)
    assert first is not None
    diffusion, cpu = first.then
    for stage, there in ((first, "[]"), (diffusion, "['torch']"), (cpu, "['dlib']")):
        done = subprocess.run(
            [sys.executable, "-c", IMPORT_ALL, *stage.modules],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == there
