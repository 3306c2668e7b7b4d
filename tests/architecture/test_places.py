"""What docs/architecture.md says of packages, rules and paths is what is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.house import PRODUCT, Source, read
from tests.architecture.places import (
    ARCHITECTURE,
    ROOT,
    Place,
    files_on_the_way,
    line_of,
    places,
    rules,
    section,
)

TEXT = ARCHITECTURE.read_text(encoding="utf-8")
EMPTY = {"util", "utils", "helper", "helpers", "manager", "managers", "misc", "common", "stuff"}
"""Words that say of a thing only that it is of use."""
_PUBLIC = re.compile(r"^(?: {4})?(?:class|def|async def) ([A-Za-z]\w*)", re.MULTILINE)
"""A class, a function or a method; read as text, which is much faster than as a tree."""


def test_every_package_has_its_sentence() -> None:
    rows = section(TEXT, "One sentence per package").splitlines()
    said = {name for row in rows if row.startswith("| `") for name in re.findall(r"`(\S+)/`", row)}
    folders = [path for path in ROOT.glob("*/__init__.py") if path.parent.name != "docs"]
    folders += [*ROOT.glob("engines/*/__init__.py"), *ROOT.glob("serve_app/*/__init__.py")]
    there = {path.parent.relative_to(ROOT).as_posix() for path in folders}
    assert there - {"engines"} <= said
    assert {name for name in said if not (ROOT / name).is_dir()} == set()


def test_each_of_the_rules_is_shown_by_a_name_that_exists() -> None:
    table = rules(TEXT)
    assert len(table) == 15
    for rule, shown in table:
        assert shown, rule
        for place in shown:
            assert place.name, f"{rule}: {place} names a whole file"
            assert place.line() is not None, f"{rule}: {place} is not there"


def test_no_name_says_only_that_it_helps() -> None:
    assert not list(_empty_names(read(ROOT, (*PRODUCT, "local_ray"))))


def test_a_name_that_says_only_that_it_helps_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "engines" / "color").mkdir(parents=True)
    text = "class ShadeManager:\n    async def help_common(self): ...\n    def _utils(self): ...\n"
    (tmp_path / "engines" / "color" / "shade_utils.py").write_text(text)
    assert list(_empty_names(read(tmp_path, ["engines"]))) == [
        "engines.color.shade_utils",
        "engines.color.shade_utils:1 ShadeManager",
        "engines.color.shade_utils:2 help_common",
    ]


def _empty_names(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        if _words(source.module.name.rpartition(".")[2]) & EMPTY:
            yield source.module.name
        for found in _PUBLIC.finditer(source.text):
            if _words(found[1]) & EMPTY:
                line = source.text.count("\n", 0, found.start(1)) + 1
                yield f"{source.module.name}:{line} {found[1]}"


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", name)}


@pytest.mark.parametrize(
    ("name", "line"),
    [("A", 1), ("A.b", 2), ("SOME", 3), ("OTHER", 4), ("A.c", None), ("b", None), ("A.b.c", None)],
)
def test_a_name_is_found_where_it_is_defined(name: str, line: int | None) -> None:
    module = ast.parse("class A:\n    def b(self): ...\nSOME = 1\nOTHER: int = 2\n")
    assert line_of(module, name) == line


def test_a_place_is_a_file_or_a_name_in_it(tmp_path: Path) -> None:
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines/a.py").write_text("\ndef b(): ...\n")
    named = list(places("see `engines/a.py:b`, `engines/a.py`, `engines/c.py` and `elsewhere.py`"))
    assert [place.line(tmp_path) for place in named] == [2, 1, None]
    assert str(Place("engines/a.py", "b")) == "engines/a.py:b"


PATHS = """
## The path of a generation

1. `serve_app/a.py:f` and `engines/b.py`
   and on.
2. `serve_app/c.py`, again `serve_app/a.py`, the folder `engines/faces/`.
3. `engines/d.py`.

After the steps: `engines/e.py`.

## The path of an export

1. Steps 1 and 2 as above; then `engines/d.py:x`.
"""


def test_the_files_of_a_path_are_those_that_its_steps_name() -> None:
    made = ["serve_app/a.py", "engines/b.py", "serve_app/c.py", "engines/d.py"]
    assert files_on_the_way(PATHS, "a generation") == made
    assert files_on_the_way(PATHS, "an export") == made
    with pytest.raises(KeyError):
        files_on_the_way(PATHS, "a refund")


@pytest.mark.parametrize("thing", ["a generation", "a validation", "an export"])
def test_a_path_can_be_followed_from_the_middleware_to_the_engine(thing: str) -> None:
    files = files_on_the_way(TEXT, thing)
    assert files[0] == "serve_app/middleware/stack.py"
    assert {path.partition("/")[0] for path in files} == {"serve_app", "deployments", "engines"}
