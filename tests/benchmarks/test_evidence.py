"""The benchmark of the evidence finds what it plants, at a tiny size."""

from __future__ import annotations

import numpy as np

from benchmarks.evidence.__main__ import scale_row
from benchmarks.evidence.pictures import FAULTS, SIDE_PX, squares
from benchmarks.evidence.scale import measured


def test_near_duplicates_that_are_made_up_are_found() -> None:
    found = measured(300)
    assert 4 <= found["near_duplicates"] <= 40
    assert scale_row(found)[0] == "300"
    assert found["peak_mib"] >= found["before_mib"]


def test_every_fault_changes_a_square_and_keeps_its_kind() -> None:
    _, square = squares()[0]
    for name, change in FAULTS.items():
        made = change(square)
        assert made.shape == (SIDE_PX, SIDE_PX, 3), name
        assert made.dtype == np.uint8
        assert not np.array_equal(made, square), name
