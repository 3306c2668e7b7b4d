"""The clusters of near-duplicates that the last report on a dataset found, stored for image lists.

<folder>/.evidence/clusters.json    {"<id to keep>": ["<id>", ...], ...}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import orjson

from engines.datasets.evidence_folder import EVIDENCE_FOLDER
from engines.errors import Conflict, InsufficientStorage, NotFound, StorageFailed

if TYPE_CHECKING:
    from engines.protocols import Storage

Clusters = Mapping[str, Sequence[str]]
"""Id of the image to keep to the ids of all images of its cluster."""


def clusters_key(folder: str) -> str:
    """Storage key of the clusters of the dataset in `folder`."""
    return f"{folder}/{EVIDENCE_FOLDER}/clusters.json"


def keep_clusters(storage: Storage, folder: str, clusters: Clusters) -> None:
    """Store the clusters, replacing those of an earlier report.

    If the disk is full, nothing is stored; the next report tries again.
    """
    try:
        storage.replace(clusters_key(folder), orjson.dumps(dict(clusters)))
    except (Conflict, InsufficientStorage, StorageFailed):
        return


def clusters_version(storage: Storage, folder: str) -> str | None:
    """A text that changes whenever the clusters change; None before the first report."""
    try:
        return storage.stat(clusters_key(folder)).etag
    except NotFound:
        return None


def read_clusters(storage: Storage, folder: str) -> Iterator[tuple[str, str]]:
    """Pairs of an image's id and the id of the image that represents its cluster. Empty if the file
    is damaged or missing."""
    try:
        found = orjson.loads(storage.read(clusters_key(folder)))
    except (NotFound, ValueError):
        return
    for kept, members in found.items() if isinstance(found, dict) else ():
        if isinstance(members, list):
            yield from ((str(member), kept) for member in members)
