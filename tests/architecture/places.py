"""Places in the code that the documents name: `path` or `path:Name`, in backticks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = ROOT / "docs/architecture.md"
RULES = "Where to see the rules in the code"
_PLACES = re.compile(
    r"`((?:serve_app|deployments|engines|batch|local_ray|inferloop_synthdata|configs|k8s|tests"
    r"|benchmarks|training|models/inferloop-mini|requirements|docs)/[\w./-]*?)(?::([A-Za-z_][\w.]*))?`"
)
_STEP = re.compile(r"^(\d+)\. ((?:.|\n(?! *\n|\d+\. ))*)", re.MULTILINE)
_AS_ABOVE = re.compile(r"[Ss]teps (\d+) and (\d+) as above")


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder, relative to the root of the repository, or a name that a module defines."""

    path: str
    name: str = ""
    """`function`, `Class.method` or `CONSTANT`; empty for the whole file."""

    def line(self, root: Path = ROOT) -> int | None:
        """Line of the definition of the name, 1 for a whole file; None if it does not exist."""
        target = root / self.path
        if not target.exists():
            return None
        return line_of(ast.parse(target.read_text(encoding="utf-8")), self.name) if self.name else 1

    def __str__(self) -> str:
        return f"{self.path}:{self.name}" if self.name else self.path


def places(text: str) -> Iterator[Place]:
    """Every place that the Markdown text names, in its order."""
    for path, name in _PLACES.findall(text):
        yield Place(path, name)


def line_of(module: ast.AST, name: str) -> int | None:
    """Line of the definition of the name, which may be `Class.method`; None if there is none."""
    first, _, rest = name.partition(".")
    for node in ast.iter_child_nodes(module):
        if first in _defined(node):
            line: int = getattr(node, "lineno", 1)
            return line_of(node, rest) if rest else line
    return None


def _defined(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    assigned = isinstance(node, ast.Assign | ast.AnnAssign)
    return [each.id for each in targets if assigned and isinstance(each, ast.Name)]


def section(text: str, title: str) -> str:
    """The text below the heading `## title`, up to the next heading of this level.

    Raises `KeyError` if there is no such heading.
    """
    for part in re.split(r"^## ", text, flags=re.MULTILINE):
        heading, _, body = part.partition("\n")
        if heading == title:
            return body
    raise KeyError(title)


def rules(text: str) -> list[tuple[str, list[Place]]]:
    """Each rule of the page's table, with its examples in the code."""
    rows = [line.split(" | ") for line in section(text, RULES).splitlines() if line[:3] != "|--"]
    cells = [row for row in rows if len(row) == 3 and row[0].strip("| ").isdigit()]
    return [(rule, list(places(where))) for _, rule, where in cells]


def files_on_the_way(text: str, thing: str) -> list[str]:
    """Python files in the numbered steps of "The path of `thing`", each once.

    "Steps 1 and 2 as above" stands for these steps of a generation.
    """
    steps = _steps(section(text, f"The path of {thing}"))
    first = _steps(section(text, "The path of a generation"))
    named: list[str] = []
    for said in steps.values():
        for start, end in _AS_ABOVE.findall(said):
            named += [p.path for n in range(int(start), int(end) + 1) for p in places(first[n])]
        named += [place.path for place in places(said)]
    return [path for path in dict.fromkeys(named) if path.endswith(".py")]


def _steps(body: str) -> dict[int, str]:
    return {int(number): said for number, said in _STEP.findall(body)}
