"""`python -m tests.architecture.house`: sizes and rules of the code, for each package.

Sizes are lines; percentiles are nearest-rank. The lines of a function include its docstring and
nested functions. "Small, one importer" are modules of fewer than 60 lines that only one other
module of the product imports. A second number says how many of them a test imports directly:
being tested alone is a good reason for a separate module. The files on the way of a request are
those in the numbered steps of docs/architecture.md, without the modules that these call.
"""

from __future__ import annotations

import argparse
import ast
import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.architecture.importing import Module, modules
from tests.architecture.places import files_on_the_way, rules

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("engines", "serve_app", "deployments", "batch", "inferloop_synthdata")
"""Packages that are measured. In older checkouts `batch` is called `jobs`."""
ACROSS = ("strangers", "security", "faults", "contract", "ray", "nodes", "s3_real", "gpu", "k8s")
"""Folders of tests that belong to several packages."""
SMALL_LINES = 60
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Documented = ast.ClassDef | _Function


@dataclass(frozen=True)
class Source:
    """One module. Its syntax tree is parsed at the first use."""

    module: Module

    @cached_property
    def text(self) -> str:
        return self.module.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def functions(self) -> Iterator[_Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, _Function))

    def public(self) -> Iterator[_Documented]:
        """Classes, functions and methods whose own names and their classes' are public."""
        for node in self.tree.body:
            if isinstance(node, _Documented) and not node.name.startswith("_"):
                yield node
                if isinstance(node, ast.ClassDef):
                    for inner in node.body:
                        if isinstance(inner, _Function) and not inner.name.startswith("_"):
                            yield inner


def read(root: Path, packages: Sequence[str]) -> list[Source]:
    """Every module of the packages."""
    return [Source(module) for module in modules(root, packages)]


def percentile(sizes: Sequence[int], share: float) -> int:
    """Nearest-rank percentile; 0 for no sizes."""
    ordered = sorted(sizes)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0


def spread(sizes: Sequence[int]) -> str:
    """Median, 90th percentile and maximum."""
    return f"{percentile(sizes, 0.5)} / {percentile(sizes, 0.9)} / {max(sizes, default=0)}"


def annotated_share(sources: Sequence[Source]) -> float:
    """Share of functions with a return annotation."""
    functions = [node for source in sources for node in source.functions()]
    return sum(node.returns is not None for node in functions) / max(1, len(functions))


def documented_share(sources: Sequence[Source]) -> float:
    """Share of public classes, functions and methods that are documented."""
    total = sum(1 for source in sources for _ in source.public())
    return 1 - sum(1 for _ in undocumented(sources)) / max(1, total)


def undocumented(sources: Sequence[Source]) -> Iterator[str]:
    """Names of public things without a docstring.

    A method needs none if a Protocol in these sources documents a method of the same name, and the
    method's parameters start with those of the Protocol.
    """
    contracts = set(_contracts(sources))
    for source in sources:
        for node in source.public():
            said = ast.get_docstring(node) is not None
            if not said and not (isinstance(node, _Function) and _kept(node, contracts)):
                yield f"{source.module.name}:{node.lineno} {node.name}"


def _contracts(sources: Sequence[Source]) -> Iterator[tuple[str, ...]]:
    """Name and parameters of every method with a docstring in a Protocol."""
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef) and "Protocol" in map(_plain_name, node.bases):
                for inner in node.body:
                    if isinstance(inner, _Function) and ast.get_docstring(inner):
                        yield _signature(inner)


def _plain_name(base: ast.expr) -> str:
    return ast.unparse(base).partition("[")[0].rpartition(".")[2]


def _kept(method: _Function, contracts: set[tuple[str, ...]]) -> bool:
    named = _signature(method)
    return any(named[:length] in contracts for length in range(1, len(named) + 1))


def _signature(method: _Function) -> tuple[str, ...]:
    given = (*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs)
    return (method.name, *(each.arg for each in given if each.arg not in ("self", "cls")))


def small_with_one_importer(sources: Sequence[Source], everything: Sequence[Module]) -> list[str]:
    """Names of small modules that only one other module imports. Imports of tests do not count."""
    importers: Counter[str] = Counter()
    for module in everything:
        importers.update(module.imports - {module.name})
    return [
        source.module.name
        for source in sources
        if source.lines < SMALL_LINES
        and source.module.path.name != "__init__.py"
        and importers[source.module.name] == 1
    ]


def test_lines(root: Path, package: str) -> int:
    """Lines of the tests of a package: those that mirror it (`engines.x` by `tests/engines/x`), and
    those of `ACROSS` that import it more often than any other."""
    folder = {"inferloop_synthdata": "sdk"}.get(package, package.replace(".", "/"))
    tests = root / "tests" / folder
    own = list(tests.glob("*.py") if package == "engines" else tests.rglob("*.py"))
    across = [path for name in ACROSS for path in (root / "tests" / name).rglob("*.py")]
    own += [path for path in across if most_imported(path.read_text(encoding="utf-8")) == package]
    return sum(path.read_text(encoding="utf-8").count("\n") for path in own)


def most_imported(text: str) -> str | None:
    """The product package in most import statements of the test; None if there is none."""
    counted: Counter[str] = Counter()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            parts = node.module.split(".")
            if parts[0] in PRODUCT:
                deep = parts[0] == "engines" and len(parts) > 1
                counted[".".join(parts[:2]) if deep else parts[0]] += 1
    del counted["engines.errors"], counted["engines.types"], counted["engines.protocols"]
    return counted.most_common(1)[0][0] if counted else None


def package_rows(root: Path, sources: Sequence[Source]) -> Iterator[str]:
    """Rows of the second table: one for each package, and for each subpackage of `engines`."""
    names = sorted({_package_of(source.module) for source in sources})
    for name in names:
        own = [source for source in sources if _package_of(source.module) == name]
        lines, tested = sum(source.lines for source in own), test_lines(root, name)
        yield f"| {name} | {len(own)} | {lines} | {tested} | {tested / max(1, lines):.2f} |"


def _package_of(module: Module) -> str:
    parts = module.name.split(".")
    in_part = len(parts) > 2 or (len(parts) == 2 and module.path.name == "__init__.py")
    return ".".join(parts[:2]) if parts[0] == "engines" and in_part else parts[0]


def way_rows(text: str) -> Iterator[str]:
    """Rows of the first table: the files on the way of a request, as the page lists them."""
    for thing in ("a generation", "a validation", "an export"):
        yield f"| files that the steps of {thing} name | {len(files_on_the_way(text, thing))} |"


def rule_rows(root: Path, text: str) -> Iterator[str]:
    """Rows of the third table: each rule of the page, with file and line of its examples."""
    for number, (rule, shown) in enumerate(rules(text), 1):
        lines = (f"{place.path}:{place.line(root) or 'gone'} {place.name}" for place in shown)
        yield f"| {number} | {rule} | {'; '.join(lines)} |"


def report(root: Path) -> Iterator[str]:
    """The tables as lines of Markdown. If the checkout has no docs/architecture.md, the files on
    the way of a request and the third table are missing."""
    sources = read(root, (*PRODUCT, "jobs"))
    code = [source for source in sources if source.text.strip()]
    paths = (source.module.path for source in code)
    folders = Counter(path.parent for path in paths if path.name != "__init__.py")
    everything = [source.module for source in sources]
    yield "| | |"
    yield "|---|---|"
    yield f"| files, lines | {len(code)}, {sum(source.lines for source in code)} |"
    yield f"| file: median / p90 / max | {spread([source.lines for source in code])} |"
    sizes = [
        node.end_lineno - node.lineno + 1 for s in code for node in s.functions() if node.end_lineno
    ]
    yield f"| function: median / p90 / max | {spread(sizes)} |"
    yield f"| annotated returns | {annotated_share(code):.0%} |"
    yield f"| public docstrings | {documented_share(code):.0%} |"
    small = small_with_one_importer(code, everything)
    tested = set[str]().union(*(module.imports for module in modules(root, ("tests",))))
    yield f"| small modules with one importer | {len(small)} |"
    yield f"| of these, imported by a test | {len(tested.intersection(small))} |"
    yield f"| largest folder, modules | {max(folders.values())} |"
    page = root / "docs/architecture.md"
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    if text:
        yield from way_rows(text)
    yield ""
    yield "| package | files | lines | test lines | test : source |"
    yield "|---|---|---|---|---|"
    yield from package_rows(root, sources)
    if text:
        yield ""
        yield "| | rule | shown by |"
        yield "|---|---|---|"
        yield from rule_rows(root, text)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--root", type=Path, default=ROOT, help="another checkout to measure")
    parser.add_argument("--small", action="store_true", help="name the small modules instead")
    parser.add_argument("--undocumented", action="store_true", help="name what has no docstring")
    chosen = parser.parse_args()
    lines = report(chosen.root)
    sources = read(chosen.root, PRODUCT)
    if chosen.undocumented:
        lines = undocumented(sources)
    if chosen.small:
        lines = iter(small_with_one_importer(sources, [source.module for source in sources]))
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
