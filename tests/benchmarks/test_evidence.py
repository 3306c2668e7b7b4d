"""The benchmark of the evidence finds what it plants, at a tiny size."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.evidence.__main__ import scale_row
from benchmarks.evidence.pictures import FAULTS, KIND_PX, SIDE_PX, kinds, squares
from benchmarks.evidence.scale import measured


@pytest.mark.slow
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


def test_real_and_fresh_squares_of_a_kind_are_others() -> None:
    found = kinds(4)
    assert len(found) == 7
    for name, (real, fresh) in found.items():
        digests = {pixels.tobytes() for pixels in (*real, *fresh)}
        assert len(digests) == 8, name
        assert real[0].shape in {(KIND_PX, KIND_PX, 3), (2 * KIND_PX, 2 * KIND_PX, 3)}
