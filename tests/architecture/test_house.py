"""Sizes that the house keeps, and the program that measures them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.architecture.house import (
    PRODUCT,
    ROOT,
    Source,
    most_imported,
    percentile,
    read,
    report,
    undocumented,
)
from tests.architecture.importing import within

SOURCES = read(ROOT, PRODUCT)
MOST_LINES = 300
MOST_FUNCTION_LINES = 60
MOST_MODULES = 13
"""In one folder, `__init__` not counted. A reader has to find a module among them by its name."""
MOST_TEST_FILES = 20


@pytest.mark.parametrize("package", PRODUCT)
def test_a_module_fits_a_reader(package: str) -> None:
    own = (source for source in SOURCES if within(source.module.name, package))
    assert not [fault for source in own for fault in _faults(source)]


def test_a_file_of_tests_fits_a_reader() -> None:
    sizes = {source.module.name: source.lines for source in read(ROOT, ("tests",))}
    assert not {name: lines for name, lines in sizes.items() if lines > MOST_LINES}


def _faults(source: Source) -> Iterator[str]:
    if source.lines > MOST_LINES:
        yield f"{source.module.name} has {source.lines} lines"
    for node in source.functions():
        size = (node.end_lineno or node.lineno) - node.lineno + 1
        if size > MOST_FUNCTION_LINES:
            yield f"{source.module.name}: {node.name} has {size} lines"
        if node.returns is None:
            yield f"{source.module.name}: {node.name} says no return type"


def test_a_folder_says_what_lives_in_it() -> None:
    folders = {source.module.path.parent for source in SOURCES}
    for folder in folders:
        text = (folder / "__init__.py").read_text(encoding="utf-8")
        assert text.startswith('"""'), folder


def test_a_folder_can_be_looked_through() -> None:
    assert not _crowded(source.module.path for source in SOURCES)
    tests = (source.module.path for source in read(ROOT, ("tests",)))
    assert not _crowded(tests, MOST_TEST_FILES)


def test_a_crowded_folder_is_noticed() -> None:
    full = [Path("engines/color", f"shade_{number}.py") for number in range(MOST_MODULES)]
    assert not _crowded([*full, Path("engines/color/__init__.py")])
    assert _crowded([*full, Path("engines/color/tint.py")]) == {"engines/color": MOST_MODULES + 1}


def _crowded(paths: Iterable[Path], most: int = MOST_MODULES) -> dict[str, int]:
    """Folder to its number of modules, where there are too many."""
    modules = Counter(path.parent.as_posix() for path in paths if path.name != "__init__.py")
    return {folder: count for folder, count in modules.items() if count > most}


def test_percentiles_are_by_the_nearest_rank() -> None:
    sizes = [5, 1, 4, 2, 3]
    assert [percentile(sizes, share) for share in (0.5, 0.9, 1.0)] == [3, 5, 5]
    assert percentile([], 0.5) == 0


def test_the_report_measures_any_checkout(tmp_path: Path) -> None:
    package = tmp_path / "engines" / "color"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "mix.py").write_text('def mix(a: int) -> int:\n    """Mix."""\n    return a\n')
    (package / "use.py").write_text("from engines.color.mix import mix\n\nprint(mix(1))\n")
    tests = tmp_path / "tests" / "engines" / "color"
    tests.mkdir(parents=True)
    (tests / "test_mix.py").write_text("a = 1\nb = 2\n")
    text = "\n".join(report(tmp_path))
    assert "| files, lines | 2, 6 |" in text
    assert "| function: median / p90 / max | 3 / 3 / 3 |" in text
    assert "| public docstrings | 100% |" in text
    assert "| small modules with one importer | 1 |" in text
    assert "| engines.color | 3 | 6 | 2 | 0.33 |" in text


def test_a_test_across_packages_counts_for_the_one_that_it_imports_most() -> None:
    text = (
        "from engines.errors import NotFound\n"
        "from engines.images import decode\n"
        "from engines.privacy import PrivacyConfig\n"
        "from engines.privacy.model import Face\n"
    )
    assert most_imported(text) == "engines.privacy"
    assert most_imported("import json\n") is None


def test_a_contract_stands_on_the_protocol_once(tmp_path: Path) -> None:
    package = tmp_path / "engines" / "shapes"
    package.mkdir(parents=True)
    (package / "area.py").write_text(
        '"""Areas."""\n\n\n'
        'class Shape(Protocol):\n    """A shape."""\n\n'
        '    def area(self, unit: str) -> float:\n        """In square units."""\n\n\n'
        'class Square:\n    """A square."""\n\n'
        "    def area(self, unit: str, digits: int = 2) -> float:\n        return 1.0\n\n"
        "    def side(self) -> float:\n        return 1.0\n"
    )
    assert list(undocumented(read(tmp_path, ["engines"]))) == ["engines.shapes.area:17 side"]
