"""Marks that keep what is slow out of `make fast`, and scopes that end when they say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, Source, read
from tests.architecture.importing import within

PACKAGE = 'scope="' + 'package"'
ALL_ON_RAY = ("tests.ray", "tests.nodes")
MODULE = "deployments.local.child_service"
"""Where `Service` is; reading a file's words first spares the parsing of most."""


def test_a_test_of_a_running_service_is_marked_ray() -> None:
    """A file that is split from a marked one needs the mark too."""
    assert not list(unmarked(read(ROOT, ("tests",))))


def unmarked(tests: list[Source]) -> Iterator[str]:
    """Test modules that ask a running service and have no `pytestmark` that says so."""
    for source in tests:
        name = source.module.name
        if name.rpartition(".")[2].startswith("test_"):
            in_folder = any(within(name, folder) for folder in ALL_ON_RAY)
            if (in_folder or asks_a_service(source)) and not is_marked(source):
                yield name


def asks_a_service(source: Source) -> bool:
    """Whether one of its tests has a parameter of that type."""
    return MODULE in source.text and any(
        parameter.annotation is not None and ast.unparse(parameter.annotation) == "Service"
        for function in source.functions()
        if function.name.startswith("test_")
        for parameter in function.args.args
    )


def is_marked(source: Source) -> bool:
    return any(
        isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "pytestmark"
        and "pytest.mark.ray" in ast.unparse(node.value)
        for node in source.tree.body
    )


@pytest.mark.parametrize("mark", ["", "pytestmark = [pytest.mark.ray]\n", "pytestmark = SLOW\n"])
@pytest.mark.parametrize(
    ("folder", "text"),
    [
        ("ray", "def test_it(http: Client) -> None: ...\n"),
        (
            "security",
            "from deployments.local.child_service import Service\n"
            "def test_it(service: Service) -> None: ...\n",
        ),
    ],
)
def test_the_rule_sees_a_lost_mark(tmp_path: Path, folder: str, text: str, mark: str) -> None:
    file = tmp_path / "tests" / folder / "test_split.py"
    file.parent.mkdir(parents=True)
    file.write_text(mark + text)
    lost = [] if "mark.ray" in mark else [f"tests.{folder}.test_split"]
    assert list(unmarked(read(tmp_path, ("tests",)))) == lost


def test_no_fixture_has_package_scope() -> None:
    """Folders of tests are no packages, so that it would live until the end of all tests: a cluster
    of five nodes beside everything that comes after it."""
    found = [path for path in (ROOT / "tests").rglob("*.py") if PACKAGE in path.read_text("utf-8")]
    assert found == []
