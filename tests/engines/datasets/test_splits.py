"""Splits that must never change: pinned by SHA-256 values that everybody can look up."""

from __future__ import annotations

from collections import Counter

import pytest

from engines.datasets.selection import by_cluster, splitter

SHARES = {"train": 0.5, "validation": 0.25, "test": 0.25}


@pytest.mark.parametrize(
    ("image_id", "split"),
    [
        ("b", "train"),  # 3e23e816... is .243 of 2^64
        ("abc", "validation"),  # ba7816bf... is .728
        ("a", "test"),  # ca978112... is .791
    ],
)
def test_golden_ids(image_id: str, split: str) -> None:
    assert splitter(SHARES)(image_id) == split


def test_the_order_of_shares_is_the_callers() -> None:
    assert splitter({"test": 0.5, "train": 0.5})("b") == "test"


def test_shares_are_kept_and_growing_the_first_moves_ids_only_into_it() -> None:
    ids = [f"class ü/{number}" for number in range(4_000)]
    small, large = splitter({"a": 0.8, "b": 0.2}), splitter({"a": 0.9, "b": 0.1})
    counts = Counter(map(small, ids))
    assert abs(counts["a"] / len(ids) - 0.8) < 0.03
    assert all(large(image_id) == "a" for image_id in ids if small(image_id) == "a")


def test_a_cluster_falls_where_the_image_that_stands_for_it_falls() -> None:
    split_of = splitter({"a": 0.5, "b": 0.5})
    together = by_cluster(split_of, {f"copy{n}": "first" for n in range(100)})
    assert {together(f"copy{n}") for n in range(100)} == {split_of("first")}
    assert together("alone") == split_of("alone")


def test_no_splits_stay_none_by_cluster_too() -> None:
    assert by_cluster(splitter(None), {"a": "b"})("a") is None
