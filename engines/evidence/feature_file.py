"""Features of one folder's images: half floats in a file, beside what else was read of each image.

    <folder>/.evidence/<encoder>.f16     one vector a row, little-endian half floats
    <folder>/.evidence/<encoder>.jsonl   one image a line, in the same order

Both are a cache: a row counts for an image as long as its version (etag) is the same. Half floats
move a distance by less than 0.001. Memory does not grow with the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What was read of an image when its features were made."""

    name: str
    """Path below the folder."""
    etag: str
    sha256: str
    hash: int
    mirror: int
    """Perceptual hashes of the image and of its mirror."""
    sharpness: float
    """0..100."""
    width: int
    height: int
    """Upright, pixels."""


class FeatureRows:
    """`Rows` over an open file of half floats."""

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
    """Rows as they lie in the file."""
    return vectors.astype(_HALF).tobytes()


def cache_keys(folder: str, encoder: str) -> tuple[str, str]:
    """Keys of the vectors and of the lines."""
    slug = re.sub(r"[^A-Za-z0-9.-]+", "-", encoder)
    stem = f"{folder}/{EVIDENCE_FOLDER}/{slug}"
    return f"{stem}.f16", f"{stem}.jsonl"


class KeptFeatures:
    """What an earlier pass left. Opened once, used by one thread; close it."""

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
        """Whether that version of the image is kept. Reads nothing."""
        known = self._places.get(name)
        return known is not None and known[1].etag == etag

    def get(self, name: str, etag: str) -> tuple[ImageFacts, NDArray[np.float32]] | None:
        """Facts and vector (1, d) of that version of the image; None where it is not kept."""
        if not self.has(name, etag):
            return None
        place, facts = self._places[name]
        return facts, self._rows.part(place, place + 1)

    def holds_just(self, facts: Sequence[ImageFacts]) -> bool:
        """Whether it holds these rows in this order and no other."""
        return [each for _, each in self._places.values()] == list(facts)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def keep_features(
    storage: Storage,
    folder: str,
    encoder: str,
    facts: Sequence[ImageFacts],
    vectors: IO[bytes],
) -> None:
    """Replace the cache. The lines come last: vectors without them count for nothing."""
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
            return  # of another version, or cut: what follows counts for nothing
