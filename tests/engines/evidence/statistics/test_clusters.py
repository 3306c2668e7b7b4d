"""Which images are near-duplicates of each other, by hash or by features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engines.evidence.statistics.clusters import Found, Hashes, Nearness, find_clusters
from engines.evidence.statistics.rows import ArrayRows
from tests.engines.evidence.vectors import normal, unit

if TYPE_CHECKING:
    pass


def random_hashes(count: int, seed: int = 1) -> list[tuple[int, int]]:
    drawn = np.random.default_rng(seed).integers(0, 2**64, (count, 2), dtype=np.uint64)
    return [(int(a), int(b)) for a, b in drawn]


def groups(found: Found) -> list[list[int]]:
    return [each.tolist() for each in found.clusters()]


@pytest.mark.parametrize("block", [2, 3, 100])
def test_near_hashes_are_one_cluster_whatever_the_block(block: int) -> None:
    pairs = random_hashes(10)
    pairs[7] = (pairs[2][0] ^ 0b111, pairs[7][1])
    pairs[9] = (pairs[7][0] ^ (0b111 << 20), pairs[9][1])
    found = find_clusters(Hashes.of(pairs), block=block)
    assert groups(found) == [[2, 7, 9]]
    assert [(p.left, p.right, p.bits) for p in found.pairs] == [(2, 7, 3), (7, 9, 3), (2, 9, 6)]


def test_a_mirrored_double_is_a_near_duplicate() -> None:
    pairs = random_hashes(4)
    pairs[3] = (pairs[0][1], pairs[0][0])
    found = find_clusters(Hashes.of(pairs))
    assert groups(found) == [[0, 3]]
    assert found.pairs[0].mirrored


def test_blank_images_are_no_copies_of_each_other() -> None:
    assert groups(find_clusters(Hashes.of([(0, 0), (1, 1), (2**64 - 1, 2**64 - 1)]))) == []


def test_alike_features_are_enough_and_alike_hashes_are_not() -> None:
    features = unit(normal(6, 1))
    features[4] = features[1]
    pairs = random_hashes(6)
    pairs[5] = pairs[0]
    nearness = Nearness(feature_distance=0.1, hash_feature_distance=0.5)
    found = find_clusters(Hashes.of(pairs), ArrayRows(features), nearness)
    assert groups(found) == [[1, 4]]
    assert found.pairs[0].distance == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("seed", range(10))
def test_clusters_are_the_connected_parts_of_a_plain_walk(seed: int) -> None:
    points = np.random.default_rng(seed).random((60, 2)).astype(np.float32)
    near = np.linalg.norm(points[:, None] - points[None], axis=2) <= 0.12
    reached = near.copy()
    for _ in range(6):
        reached = reached @ reached
    expected = reached.argmax(axis=1)
    hashes = Hashes.of(random_hashes(60))
    found = find_clusters(hashes, ArrayRows(points), Nearness(0.12), block=7)
    assert found.labels.tolist() == expected.tolist()


def test_a_dataset_that_is_all_alike_is_one_cluster_with_few_pairs() -> None:
    found = find_clusters(Hashes.of(random_hashes(1) * 3000), block=512, kept_pairs=5)
    assert [len(g) for g in found.clusters()] == [3000]
    assert len(found.pairs) == 5


def test_no_images_have_no_clusters() -> None:
    assert groups(find_clusters(Hashes.of([]))) == []
