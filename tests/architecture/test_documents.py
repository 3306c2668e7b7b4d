"""Files and names that the documents point to are there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "training/README.md"])
PLACES = re.compile(
    r"`((?:serve_app|deployments|engines|batch|local_ray|inferloop_synthdata|configs|k8s|tests"
    r"|benchmarks|training|models/inferloop-mini|requirements|docs)/[\w./-]*?)(?::([A-Za-z_][\w.]*))?`"
)
HISTORY = {"CHANGELOG.md"}
"""Speaks of what once was."""


def places(document: Path) -> Iterator[tuple[str, str]]:
    """(path, name or "") of every place that the document names in backticks."""
    yield from PLACES.findall(document.read_text(encoding="utf-8"))


def defines(module: ast.AST, name: str) -> bool:
    """Whether the module defines `name`, which may be `Class.method`."""
    first, _, rest = name.partition(".")
    for node in ast.iter_child_nodes(module):
        named = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if named and getattr(node, "name", None) == first:
            return not rest or defines(node, rest)
    return False


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_points_to_is_there(document: Path) -> None:
    if document.name in HISTORY:
        return
    missing = []
    for path, name in places(document):
        target = ROOT / path
        if not target.exists():
            missing.append(path)
        elif name and not defines(ast.parse(target.read_text(encoding="utf-8")), name):
            missing.append(f"{path}:{name}")
    assert missing == []


def test_the_architecture_points_to_many_places() -> None:
    named = [name for _, name in places(ROOT / "docs/architecture.md") if name]
    assert len(named) > 40


def test_a_name_that_is_gone_is_noticed() -> None:
    module = ast.parse("class A:\n    def b(self): ...")
    assert defines(module, "A.b")
    assert not defines(module, "A.c")
    assert not defines(module, "b")
