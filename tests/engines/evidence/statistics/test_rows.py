"""Searching the nearest vectors block by block, held against trees and matrices of scipy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from engines.evidence.statistics.rows import (
    ArrayRows,
    blocks,
    gathered,
    nearest,
    sample,
    squared_distances,
)
from tests.engines.evidence.vectors import normal, unit

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ReadOnce:
    """Rows that remember which slices were asked for."""

    def __init__(self, values: NDArray[np.float32]) -> None:
        self._values = values
        self.asked: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._values)

    def part(self, start: int, stop: int) -> NDArray[np.float32]:
        self.asked.append((start, stop))
        return self._values[start:stop]


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [
        (0, 4, []),
        (1, 4, [(0, 1)]),
        (4, 4, [(0, 4)]),
        (5, 4, [(0, 4), (4, 5)]),
        (9, 4, [(0, 4), (4, 8), (8, 9)]),
    ],
)
def test_blocks_cover_every_row_once(
    count: int, size: int, expected: list[tuple[int, int]]
) -> None:
    assert list(blocks(count, size)) == expected


def test_distances_are_those_of_scipy() -> None:
    left, right = normal(12, 1, center=2), normal(7, 2)
    found = squared_distances(left, right)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, cdist(left, right, "sqeuclidean"), rtol=1e-3)


def test_a_vector_is_never_at_a_negative_distance_from_itself() -> None:
    """Rounding may bring |x|^2 + |x|^2 - 2 x.x below zero, whose root is no number."""
    rows = normal(50, 3, center=1000)
    assert (squared_distances(rows, rows) >= 0).all()
    assert np.isfinite(np.sqrt(squared_distances(rows, rows))).all()


@pytest.mark.parametrize("k", [1, 4, 9])
def test_neighbors_are_those_of_a_tree(k: int) -> None:
    queries, references = unit(normal(40, 1)), unit(normal(90, 2))
    distances, positions = cKDTree(references).query(queries, k=list(range(1, k + 1)))
    found = nearest(ArrayRows(queries), ArrayRows(references), k, block=16)
    assert found.positions.tolist() == positions.tolist()
    np.testing.assert_allclose(found.distances, distances, atol=1e-3)


def test_neighbors_come_nearest_first_also_across_blocks() -> None:
    line = np.arange(20, dtype=np.float32)[:, None]
    found = nearest(ArrayRows(np.zeros((1, 1), np.float32)), ArrayRows(line[::-1]), 5, block=3)
    assert found.distances[0].tolist() == [0, 1, 2, 3, 4]
    assert found.positions[0].tolist() == [19, 18, 17, 16, 15]


def test_among_equally_near_ones_the_first_of_an_earlier_block_wins() -> None:
    same = np.ones((6, 2), np.float32)
    found = nearest(ArrayRows(same[:1]), ArrayRows(same), 1, block=1)
    assert found.positions.tolist() == [[0]]


def test_the_rows_alone_have_no_neighbor() -> None:
    one = ArrayRows(normal(1, 1))
    found = nearest(one, one, 2, same=True)
    assert found.positions.tolist() == [[-1, -1]]
    assert np.isinf(found.distances).all()


def test_no_query_and_no_reference_give_an_empty_answer() -> None:
    some, none = ArrayRows(normal(3, 1)), ArrayRows(normal(0, 1))
    assert nearest(none, some, 2).positions.shape == (0, 2)
    assert nearest(some, none, 2).positions.tolist() == [[-1, -1]] * 3


def test_each_block_of_queries_is_read_once() -> None:
    queries, references = ReadOnce(normal(10, 1)), ReadOnce(normal(6, 2))
    nearest(queries, references, 1, block=4)
    assert queries.asked == [(0, 4), (4, 8), (8, 10)]
    assert references.asked == [(0, 4), (4, 6)] * 3


def test_the_search_asks_whether_to_stop_before_every_pair_of_blocks() -> None:
    asked: list[int] = []
    nearest(ArrayRows(normal(5, 1)), ArrayRows(normal(5, 2)), block=2, stop=lambda: asked.append(1))
    assert len(asked) == 9


def test_half_floats_become_floats_slice_by_slice() -> None:
    rows = ArrayRows(normal(4, 1).astype(np.float16))
    part = rows.part(1, 3)
    assert part.dtype == np.float32
    assert np.array_equal(part, rows.values[1:3].astype(np.float32))
    assert len(rows.part(4, 9)) == 0


@pytest.mark.parametrize(("count", "most"), [(0, 5), (1, 5), (5, 5)])
def test_few_rows_are_all_taken(count: int, most: int) -> None:
    assert sample(count, most).tolist() == list(range(count))


def test_many_rows_are_drawn_without_repetition_and_another_seed_draws_others() -> None:
    drawn = sample(1000, 100, seed=1)
    assert len(set(drawn.tolist())) == 100
    assert (drawn >= 0).all()
    assert (drawn < 1000).all()
    assert drawn.tolist() != sample(1000, 100, seed=2).tolist()


def test_every_row_has_the_same_chance_to_be_drawn() -> None:
    counts = np.bincount(np.concatenate([sample(20, 5, seed=s) for s in range(800)]), minlength=20)
    assert counts.sum() == 4000
    assert counts.min() > 140
    assert counts.max() < 260  # 200 expected, deviation about 12


def test_gathering_reads_only_blocks_that_hold_a_wanted_row() -> None:
    rows = ReadOnce(normal(100, 1))
    found = gathered(rows, np.array([3, 41, 42]), block=10)
    assert rows.asked == [(0, 10), (40, 50)]
    assert np.array_equal(found, normal(100, 1)[[3, 41, 42]])


def test_gathering_nothing_is_an_empty_array() -> None:
    assert gathered(ArrayRows(normal(9, 1)), np.array([], np.int64)).shape[0] == 0
