"""The gate against slowdown: its verdict, and a case in two checkouts."""

from __future__ import annotations

import pytest

from benchmarks.gate.__main__ import ROOT, checkout_of, measure
from benchmarks.gate.cases import CASES, export
from benchmarks.gate.verdict import Pair, row, slower

pytestmark = pytest.mark.slow


def test_one_slow_round_is_noise_and_three_of_five_are_not() -> None:
    same, worse = Pair(1.0, 1.02), Pair(1.0, 1.4)
    assert not slower([same, same, worse, same, worse], 1.1)
    assert slower([same, worse, worse, same, worse], 1.1)


def test_what_was_not_measured_in_both_is_said_and_fails_nothing() -> None:
    assert not slower([], 1.1)
    assert "not measured" in row("export jsonl", [], 1.1)


def test_a_row_tells_medians_and_their_spread() -> None:
    told = row("quality", [Pair(2.0, 2.0), Pair(2.0, 4.0), Pair(1.0, 3.0)], 1.1)
    assert told == "| quality | 2 | 3 | 2.00 | 1.00 to 3.00 | SLOWER |"


@pytest.mark.parametrize("method", ["ours jsonl", "ours parquet", "ours webdataset"])
def test_an_export_has_a_figure(method: str) -> None:
    assert export(method, images=3) > 0


def test_a_case_that_a_checkout_does_not_know_is_told() -> None:
    assert measure("no such case", ROOT) is None


def test_a_folder_is_a_checkout() -> None:
    with checkout_of(str(ROOT)) as folder:
        assert folder == ROOT


def test_the_cases_cover_engine_exports_and_validators() -> None:
    assert {name.split()[0].rstrip(",") for name in CASES} == {
        "export",
        "engine",
        "quality",
        "privacy",
    }
