"""Feature vectors of the images in a folder, stored with other facts about each image.

    <folder>/.evidence/<encoder>.f16     one vector per row, little-endian float16
    <folder>/.evidence/<encoder>.jsonl   one image per line, in the same order

Both files are a cache. A row is valid while the image has the same version (etag). Rounding to
float16 changes a distance by less than 0.001. Rows are read when they are needed, so memory does
not grow with their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING

import numpy as np
import orjson

from engines.datasets.evidence_folder import EVIDENCE_FOLDER
from engines.errors import NotFound

if TYPE_CHECKING:
    from typing import BinaryIO

    from numpy.typing import NDArray

    from engines.protocols import Storage

_HALF = np.dtype("<f2")
_COPIED_BYTES = 2**20
ROW_ITEM_BYTES = _HALF.itemsize
"""Bytes of one number of a stored vector."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Facts about an image from the time when its features were computed."""

    name: str
    """Path relative to the folder."""
    etag: str
    sha256: str
    """64 hexadecimal digits."""
    hash: int
    mirror: int
    """Perceptual hashes of the image and of its mirror image, unsigned 64-bit integers."""
    sharpness: float
    """0..100."""
    width: int
    height: int
    """Pixels of the upright image."""


class FeatureRows:
    """`Rows` in an open file of float16 numbers."""

    def __init__(self, file: IO[bytes] | BinaryIO, count: int, dimensions: int) -> None:
        self._file, self._count, self._dimensions = file, count, dimensions

    def __len__(self) -> int:
        return self._count

    def part(self, start: int, stop: int) -> NDArray[np.float32]:
        stop = min(stop, self._count)
        self._file.seek(start * self._dimensions * _HALF.itemsize)
        content = self._file.read(max(stop - start, 0) * self._dimensions * _HALF.itemsize)
        halves = np.frombuffer(content, dtype=_HALF).reshape(-1, self._dimensions)
        return halves.astype(np.float32)


def to_halves(vectors: NDArray[np.float32]) -> bytes:
    """Float32 rows as the bytes of float16 rows."""
    return vectors.astype(_HALF).tobytes()


def cache_keys(folder: str, encoder: str) -> tuple[str, str]:
    """The storage keys of the file with vectors and of the file with lines."""
    slug = re.sub(r"[^A-Za-z0-9.-]+", "-", encoder)
    stem = f"{folder}/{EVIDENCE_FOLDER}/{slug}"
    return f"{stem}.f16", f"{stem}.jsonl"


class KeptFeatures:
    """The cache from an earlier run. For one thread. Close it after use."""

    def __init__(self, storage: Storage, folder: str, encoder: str, dimensions: int) -> None:
        vectors, lines = cache_keys(folder, encoder)
        self._places: dict[str, tuple[int, ImageFacts]] = {}
        self._file: BinaryIO | None = None
        try:
            facts = list(_read_lines(storage.read(lines)))
            self._file = storage.open(vectors)
            whole = storage.stat(vectors).size_bytes == len(facts) * dimensions * _HALF.itemsize
        except NotFound:
            return
        if whole:
            self._places = {each.name: (place, each) for place, each in enumerate(facts)}
        self._rows = FeatureRows(self._file, len(facts), dimensions)

    def has(self, name: str, etag: str) -> bool:
        """Whether this version of the image is in the cache. Reads no file."""
        known = self._places.get(name)
        return known is not None and known[1].etag == etag

    def get(self, name: str, etag: str) -> tuple[ImageFacts, NDArray[np.float32]] | None:
        """Facts and vector, float32 (1, d), of this version of the image. None if it is not in the
        cache."""
        if not self.has(name, etag):
            return None
        place, facts = self._places[name]
        return facts, self._rows.part(place, place + 1)

    def without(self, names: Set[str]) -> Iterator[tuple[ImageFacts, NDArray[np.float32]]]:
        """Facts and vector, float32 (1, d), of every cached image whose name is not in `names`."""
        for name, (place, facts) in self._places.items():
            if name not in names:
                yield facts, self._rows.part(place, place + 1)

    def holds_just(self, facts: Sequence[ImageFacts]) -> bool:
        """Whether the cache has exactly these rows in this order."""
        return [each for _, each in self._places.values()] == list(facts)

    def close(self) -> None:
        """Close the file of vectors."""
        if self._file is not None:
            self._file.close()


def keep_features(
    storage: Storage,
    folder: str,
    encoder: str,
    facts: Sequence[ImageFacts],
    vectors: IO[bytes],
) -> None:
    """Replace the cache. The lines are written last, because vectors without lines are ignored."""
    key, lines = cache_keys(folder, encoder)
    vectors.seek(0)
    with storage.create(key) as file:
        while chunk := vectors.read(_COPIED_BYTES):
            file.write(chunk)
    storage.replace(lines, b"".join(orjson.dumps(asdict(each)) + b"\n" for each in facts))


def _read_lines(content: bytes) -> Iterator[ImageFacts]:
    for line in content.splitlines():
        try:
            yield ImageFacts(**orjson.loads(line))
        except (ValueError, TypeError):
            return  # from another version, or cut off: the remaining lines are ignored
