"""A table that somebody opens in a spreadsheet holds texts, and no formulas of strangers."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.datasets.export_config import ExportConfig
from engines.datasets.records.schema import Column
from engines.datasets.writers.encoding.csv_file import quoted, unquoted
from engines.datasets.writers.formats import file_format
from engines.datasets.writers.hashed_file import HashedFile

PROMPT = Column("prompt", "string", "A text", "identity")


def in_csv(
    record: dict[str, Any], column: Column, escape_formulas: bool = True
) -> list[dict[str, str]]:
    file = io.BytesIO()
    config = ExportConfig(escape_formulas=escape_formulas)
    encoder = file_format("csv", (column,), config).encoder(HashedFile(file))
    encoder.add(record, None)
    encoder.finish()
    return list(csv.DictReader(io.StringIO(file.getvalue().decode(), newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1"])
def test_a_text_that_a_spreadsheet_would_run_has_an_apostrophe_before_it(text: str) -> None:
    (row,) = in_csv({"prompt": text}, PROMPT)
    assert row["prompt"] == f"'{text}"
    assert unquoted(row["prompt"]) == text


@pytest.mark.parametrize("text", ["a = b", "'tis the season", "'", "", "3-1", "fox"])
def test_any_other_text_is_as_it_was(text: str) -> None:
    (row,) = in_csv({"prompt": text}, PROMPT)
    assert row["prompt"] == text
    assert unquoted(text) == text


@given(st.text("'=+-@\t\r\na1", max_size=6))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_every_text_comes_back(text: str) -> None:
    assert unquoted(quoted(text)) == text


@pytest.mark.parametrize("text", ["=1+1", "\t=1", "'=1"])
def test_who_opens_no_spreadsheet_may_have_every_text_unchanged(text: str) -> None:
    (row,) = in_csv({"prompt": text}, PROMPT, escape_formulas=False)
    assert row["prompt"] == text


def test_a_negative_number_is_a_number() -> None:
    column = Column("delta", "float64", "A number", "identity")
    assert in_csv({"delta": -0.5}, column) == [{"delta": "-0.5"}]
