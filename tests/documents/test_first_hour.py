"""docs/first_hour.md names tests: each of them exists."""

from __future__ import annotations

import re

import pytest

from tests.documents.fenced import ROOT

TEXT = (ROOT / "docs" / "first_hour.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert "def test_" in text
    assert not name or re.search(rf"^ *(async )?def {name}\(", text, re.MULTILINE), name


def test_every_line_is_shown_by_a_test() -> None:
    findings = [row for row in ROWS if not row.startswith("| problem")]
    assert len(findings) >= 27
    for row in findings:
        assert re.search(r"`tests/[\w/]+\.py", row), row
