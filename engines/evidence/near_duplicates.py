"""Near-duplicates by name: what the clusters of positions are to a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engines.evidence.statistics.clusters import Found, Hashes, Nearness, find_clusters
from engines.protocols import StopCheck, never_stopped
from engines.types.reports import Cluster, NearDuplicates, NearPair

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
    """Of images with their hash and their mirror's; of each cluster the highest score is the one to
    keep. See `find_clusters`."""
    found = find_clusters(Hashes.of(hashes), features, nearness, stop)
    clusters = found.clusters()
    return NearDuplicates(
        compared=len(ids),
        images=sum(len(each) for each in clusters),
        by=BY_HASH if features is None else BY_FEATURES,
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


def cluster_of_each(ids: Sequence[str], found: Found) -> Mapping[str, str]:
    """Every id to the first id of its cluster; its own where it is alone."""
    return {name: ids[int(first)] for name, first in zip(ids, found.labels, strict=True)}


def _named(members: list[int], ids: Sequence[str], scores: Sequence[float]) -> Cluster:
    best = max(members, key=lambda position: scores[position])
    first = [ids[position] for position in members[:SHOWN_MEMBERS]]
    return Cluster(size=len(members), best=ids[best], images=tuple(first))
