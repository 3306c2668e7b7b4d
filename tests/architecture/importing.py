"""The imports of this repository's modules, parsed from their source."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path


@dataclass(frozen=True)
class Module:
    """A module by its dotted name."""

    name: str
    path: Path

    @cached_property
    def imports(self) -> frozenset[str]:
        """Absolute dotted names, anywhere in the file; `from a import b` gives `a` and `a.b`."""
        tree = ast.parse(self.path.read_text(encoding="utf-8"))
        return frozenset(name for node in ast.walk(tree) for name in self._imported(node))

    def _imported(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{self.name} imports relatively"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(root: Path, packages: Sequence[str]) -> list[Module]:
    """Every module of these folders of `root`, by path."""
    return [module for package in packages for module in _modules_of(root, package)]


@cache
def _modules_of(root: Path, package: str) -> tuple[Module, ...]:
    """The modules of a package, cached: each keeps its imports after the first use."""
    paths = sorted((root / package).rglob("*.py"))
    return tuple(Module(_dotted(path.relative_to(root)), path) for path in paths)


def within(name: str, package: str) -> bool:
    """Whether the module is the package or in it."""
    return name == package or name.startswith(f"{package}.")


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
