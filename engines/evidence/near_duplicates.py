"""Near-duplicates by image id, made from clusters of positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engines.evidence.statistics.clusters import Found, Hashes, Nearness, find_clusters
from engines.protocols import StopCheck, never_stopped
from engines.types.datasets.reports import Cluster, NearDuplicates, NearPair

if TYPE_CHECKING:
    from engines.evidence.statistics.rows import Rows

SHOWN_CLUSTERS = 50
SHOWN_MEMBERS = 20
BY_HASH = "perceptual hash, mirrored ones too"
BY_FEATURES = "features of the encoder, and perceptual hash, mirrored ones too"


def near_duplicates(
    ids: Sequence[str],
    scores: Sequence[float],
    hashes: Sequence[tuple[int, int]],
    features: Rows | None = None,
    nearness: Nearness | None = None,
    stop: StopCheck = never_stopped,
) -> NearDuplicates:
    """Find near-duplicates, for a report.

    `ids`, `scores` and `hashes` (of each image and of its mirror image) have an entry for each
    image, and `features` has a row for each. See `find_clusters` and `described`.
    """
    found = find_clusters(Hashes.of(hashes), features, nearness, stop)
    return described(ids, scores, found, by_features=features is not None)


def described(
    ids: Sequence[str], scores: Sequence[float], found: Found, by_features: bool
) -> NearDuplicates:
    """The result of `find_clusters`, for a report.

    In each cluster, the image with the highest of the `scores` is the one to keep.
    """
    clusters = found.clusters()
    return NearDuplicates(
        compared=len(ids),
        images=sum(len(each) for each in clusters),
        by=BY_FEATURES if by_features else BY_HASH,
        cluster_count=len(clusters),
        clusters=tuple(_named(each.tolist(), ids, scores) for each in clusters[:SHOWN_CLUSTERS]),
        pairs=tuple(
            NearPair(
                left=ids[pair.left],
                right=ids[pair.right],
                bits=pair.bits,
                mirrored=pair.mirrored,
                distance=pair.distance,
            )
            for pair in found.pairs
        ),
    )


def named_clusters(
    ids: Sequence[str], scores: Sequence[float], found: Found
) -> dict[str, list[str]]:
    """For each cluster, the id of the image to keep and the ids of all its images."""
    clusters = (each.tolist() for each in found.clusters())
    return {ids[_best(each, scores)]: [ids[position] for position in each] for each in clusters}


def cluster_of_each(ids: Sequence[str], found: Found) -> Mapping[str, str]:
    """For each id, the first id of its cluster; the id itself if it is alone."""
    return {name: ids[int(first)] for name, first in zip(ids, found.labels, strict=True)}


def _named(members: list[int], ids: Sequence[str], scores: Sequence[float]) -> Cluster:
    best = _best(members, scores)
    first = [ids[position] for position in members[:SHOWN_MEMBERS]]
    return Cluster(size=len(members), best=ids[best], images=tuple(first))


def _best(members: list[int], scores: Sequence[float]) -> int:
    return max(members, key=lambda position: scores[position])
