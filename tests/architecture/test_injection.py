"""Tests pass fakes in; they replace nothing of ours while it runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, Source, read

PROCESS = {"sys"}
"""Modules whose attributes are the process's own, as environment and working folder are."""


def test_no_test_patches() -> None:
    assert not list(patches(read(ROOT, ("tests",))))


def patches(tests: list[Source]) -> Iterator[str]:
    """Places that import a library of mocks, or set an attribute of anything but the process."""
    for source in tests:
        if "mock" in source.text or "setattr" in source.text or "setitem" in source.text:
            for node in ast.walk(source.tree):
                if _imports_mocks(node) or _sets(node):
                    yield f"{source.module.name}:{getattr(node, 'lineno', 0)}"


def _imports_mocks(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        names = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        return bool(names & {"unittest.mock", "mock"})
    return isinstance(node, ast.Import) and any(
        alias.name in ("unittest.mock", "mock", "pytest_mock") for alias in node.names
    )


def _sets(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    patching = node.func.attr in ("setattr", "setitem", "delattr", "delitem")
    of_fixture = ast.unparse(node.func.value).endswith(("monkeypatch", "MonkeyPatch", "context"))
    return patching and of_fixture and ast.unparse(node.args[0]) not in PROCESS


@pytest.mark.parametrize(
    "line",
    [
        "from unittest import mock",
        "from unittest.mock import patch",
        "import unittest.mock",
        'monkeypatch.setattr("engines.errors.time", None)',
        'monkeypatch.setattr(errors, "time", None)',
        'monkeypatch.setitem(TABLE, "a", 1)',
    ],
)
def test_a_patch_is_noticed(tmp_path: Path, line: str) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_it.py").write_text(f"{line}\n")
    assert list(patches(read(tmp_path, ("tests",)))) == ["tests.test_it:1"]


@pytest.mark.parametrize(
    "line",
    [
        'monkeypatch.setenv("A", "mock")',
        'monkeypatch.setattr(sys, "path", [])',
        'setattr(fake, "mock", 1)',
        "httpx.MockTransport(handler)  # mock",
    ],
)
def test_what_is_handed_in_is_no_patch(tmp_path: Path, line: str) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_it.py").write_text(f"{line}\n")
    assert not list(patches(read(tmp_path, ("tests",))))
