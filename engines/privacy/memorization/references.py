"""Reference images: real images that synthetic ones are compared with. They are read once; only
their perceptual hashes and face embeddings are kept."""

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
"""Smallest and largest number of one-bits of a hash that is compared (`is_telling`)."""


@dataclass(frozen=True, slots=True)
class References:
    """Hashes and face embeddings of the reference images, without pixels and file names.
    Immutable."""

    index: HashIndex
    faces: tuple[Embedding, ...] = field(default=(), repr=False)

    def near_duplicate(self, pixels: Pixels) -> Neighbor | None:
        """The reference image that is nearly the same as RGB `pixels`, uint8 (height, width, 3), or
        as their mirror image; None if there is none.

        Images of nearly one color are not compared, because their hashes are all nearly equal.
        """
        hashes = phash64_with_mirror(pixels)
        if not is_telling(hashes[0]):
            return None
        return self.index.nearest(hashes)

    def nearest_face(self, embedding: Embedding) -> float | None:
        """Euclidean distance to the nearest face of the references; None if they have no faces."""
        return nearest_face(embedding, self.faces)


def is_telling(phash: int) -> bool:
    """Whether a hash can be compared: it has at least 8 zeros and 8 ones. Hashes of images of
    nearly one color have fewer, and are close to those of many other images."""
    return _FEWEST_BITS <= phash.bit_count() <= _MOST_BITS


def references_from_folder(
    storage: Storage,
    folder: str,
    limits: ImageLimits,
    max_distance: int,
    detector: FaceDetector | None = None,
    embedder: FaceEmbedder | None = None,
) -> References:
    """References from all images below the key `folder`, with their faces if both `detector` and
    `embedder` are given. Blocks. Images that cannot be decoded are logged with their key and left
    out. Raises `StorageFailed`."""
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
        logger.warning("faces of a reference image are not used: %s", error)
        return ()


def references_from_hashes(hashes: Iterable[int], max_distance: int) -> References:
    """References from the perceptual hashes in a profile (`hashes_of_profile`), without faces."""
    return References(HashIndex(hashes, max_distance))


def hashes_of_profile(content: bytes) -> list[int]:
    """The perceptual hashes in a profile's JSON: `hashes` or `statistics.hashes`, with 16
    hexadecimal digits each. Raises `StorageFailed` if the profile has none."""
    try:
        profile = json.loads(content)
        kept = profile.get("hashes") or profile["statistics"]["hashes"]
        return [int(value, 16) for value in kept]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageFailed("The reference profile has no hashes of its images") from error
