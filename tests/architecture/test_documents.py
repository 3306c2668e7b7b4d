"""Files and names that the documents point to are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.places import ARCHITECTURE, ROOT, places

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "training/README.md"])
HISTORY = {"CHANGELOG.md"}
"""Speaks of what once was."""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_points_to_is_there(document: Path) -> None:
    if document.name not in HISTORY:
        named = places(document.read_text(encoding="utf-8"))
        assert [str(place) for place in named if place.line() is None] == []


def test_the_architecture_points_to_many_places() -> None:
    named = [place for place in places(ARCHITECTURE.read_text(encoding="utf-8")) if place.name]
    assert len(named) > 40
