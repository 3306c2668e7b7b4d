"""The commands of docs/howto/own_ray_cluster.md: the check runs, Ray knows what is asked of it."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import click
import pytest
from ray.scripts.scripts import cli as ray_cli
from ray.serve.scripts import cli as serve_cli

from deployments import drain
from deployments.check import main
from deployments.settings import Settings
from tests.documents.fenced import ROOT, blocks

PAGE = ROOT / "docs" / "howto" / "own_ray_cluster.md"
TEXT = PAGE.read_text(encoding="utf-8")
LINES = [line for block in blocks(PAGE) for line in block.text.splitlines()]
IN_TABLE = re.findall(r"`((?:serve|ray) [^`]*--[^`]*)`", TEXT)
COMMANDS = [line for line in [*LINES, *IN_TABLE] if re.match(r"(ray|serve) ", line)]
PROGRAMS: dict[str, click.Group] = {"ray": ray_cli, "serve": serve_cli}


@pytest.mark.parametrize("line", COMMANDS)
def test_ray_knows_the_command_and_its_options(line: str) -> None:
    program, name, *arguments = shlex.split(line, comments=True)
    group = PROGRAMS[program]
    with click.Context(group) as context:
        command = group.get_command(context, name)
        assert command is not None, name
        command.make_context(name, arguments, parent=context)  # parses; runs nothing


def test_the_page_has_the_commands_that_matter() -> None:
    used = {" ".join(line.split()[:2]) for line in COMMANDS}
    assert {"ray start", "serve deploy", "serve status", "serve shutdown"} <= used


@pytest.mark.parametrize("name", ["production.yaml", "gpu.yaml", "local.yaml"])
def test_the_check_says_what_a_config_makes(name: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    assert main([str(ROOT / "configs" / name)], out, err) == 0
    assert err.getvalue() == ""
    said = out.getvalue()
    assert said.startswith("pool ")
    assert "\ningress: " in said
    assert ("cpu: " if name == "local.yaml" else "exporter: ") in said


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("rate_limiter: redis", "rate_limitr: redis"), "rate_limitr"),
        (("num_cpus: 1,", "num_cpus: many,"), "num_cpus"),
        (("proxy_location: EveryNode", "proxy_location: Everywhere"), "proxy_location"),
        (("revision: 451f4fe16113bff5a5d2269ed5ad43b0592e9a14", "revision: main"), "commit"),
        (("applications:", "applications"), "my_service.yaml"),
    ],
)
def test_the_check_names_the_place_of_a_mistake(
    change: tuple[str, str], word: str, tmp_path: Path
) -> None:
    text = (ROOT / "configs" / "production.yaml").read_text(encoding="utf-8")
    assert change[0] in text
    path = tmp_path / "my_service.yaml"
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    assert main([str(path)], out, err) == 2
    assert word in err.getvalue()
    assert out.getvalue() == ""


def test_a_config_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    err = io.StringIO()
    assert main([str(tmp_path / "none.yaml")], io.StringIO(), err) == 2
    assert len(err.getvalue().splitlines()) == 1


def test_the_variables_of_the_page_are_known() -> None:
    named = set(re.findall(r"export (INFERLOOP_[A-Z_]+)=", TEXT))
    client = {"INFERLOOP_BASE_URL", "INFERLOOP_API_KEY"}
    settings = {f"INFERLOOP_{name.upper()}" for name in Settings.model_fields}
    assert len(named) >= 5
    assert named - client <= settings
    # Every variable that the manifests give every pod is here too, or is about pods alone.
    of_pods = {"HF_HOME", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"}
    of_pods.add("INFERLOOP_EDGE_MAX_CONNECTIONS_PER_ADDRESS")
    given = (ROOT / "k8s" / "base" / "env.properties").read_text(encoding="utf-8")
    wanted = set(re.findall(r"^(\w+)=", given, re.MULTILINE)) - of_pods
    assert wanted <= set(re.findall(r"export (\w+)=", TEXT))


def test_draining_takes_the_option_of_the_page() -> None:
    assert "--within-s" in Path(drain.__file__).read_text(encoding="utf-8")
