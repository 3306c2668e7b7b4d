"""Real images that synthetic ones are compared with: read once, kept as hashes and face vectors."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engines.errors import InvalidImage, StorageFailed
from engines.images import ImageLimits, decode
from engines.metrics.phash import phash64, phash64_with_mirror
from engines.privacy.memorization.embedding import Embedding, nearest_face
from engines.privacy.memorization.index import HashIndex, Neighbor
from engines.privacy.model import DetectorUnavailable, FaceDetector, FaceEmbedder
from engines.types.image_formats import IMAGE_SUFFIXES

if TYPE_CHECKING:
    from engines.protocols import Storage
    from engines.types import Pixels

logger = logging.getLogger(__name__)

_FEWEST_BITS = 8
_MOST_BITS = 56


@dataclass(frozen=True, slots=True)
class References:
    """Immutable; holds no pixel and no name."""

    index: HashIndex
    faces: tuple[Embedding, ...] = field(default=(), repr=False)

    def near_duplicate(self, pixels: Pixels) -> Neighbor | None:
        """The nearest reference of the image or of its mirror, if near enough.

        A nearly blank image hashes to nearly all zeros or ones, as every other one does:
        that is no copy.
        """
        hashes = phash64_with_mirror(pixels)
        if not is_telling(hashes[0]):
            return None
        return self.index.nearest(hashes)

    def nearest_face(self, embedding: Embedding) -> float | None:
        """Distance to the nearest face of the references; None where they have none."""
        return nearest_face(embedding, self.faces)


def is_telling(phash: int) -> bool:
    """Whether the hash has enough bits of both kinds: that of a flat picture is near to many
    others."""
    return _FEWEST_BITS <= phash.bit_count() <= _MOST_BITS


def references_from_folder(
    storage: Storage,
    folder: str,
    limits: ImageLimits,
    max_distance: int,
    detector: FaceDetector | None = None,
    embedder: FaceEmbedder | None = None,
) -> References:
    """Every image below the key `folder`; with both `detector` and `embedder` their faces too.
    What cannot be decoded is logged by its key and skipped. Raises `StorageFailed`."""
    hashes: list[int] = []
    faces: list[Embedding] = []
    for stat in storage.list(folder):
        if not stat.key.lower().endswith(IMAGE_SUFFIXES):
            continue
        try:
            pixels = decode(storage.read(stat.key), limits).pixels
        except InvalidImage:
            logger.warning("reference image %s cannot be decoded and is skipped", stat.key)
            continue
        hashes.append(phash64(pixels))
        if detector is not None and embedder is not None:
            faces.extend(_faces_in(pixels, detector, embedder))
    return References(HashIndex(hashes, max_distance), tuple(faces))


def _faces_in(
    pixels: Pixels, detector: FaceDetector, embedder: FaceEmbedder
) -> Sequence[Embedding]:
    try:
        return embedder.embed(pixels, detector.detect(pixels))
    except DetectorUnavailable as error:
        logger.warning("faces of a reference image were not taken: %s", error)
        return ()


def references_from_hashes(hashes: Iterable[int], max_distance: int) -> References:
    """From hashes that a profile kept."""
    return References(HashIndex(hashes, max_distance))


def hashes_of_profile(content: bytes) -> list[int]:
    """The `hashes` of a profile's JSON, 16 hexadecimal digits each, at its top or under
    `statistics`. Raises `StorageFailed` if the profile keeps none."""
    try:
        profile = json.loads(content)
        kept = profile.get("hashes") or profile["statistics"]["hashes"]
        return [int(value, 16) for value in kept]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageFailed("The reference profile keeps no hashes of its images") from error
