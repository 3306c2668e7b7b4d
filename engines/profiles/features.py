"""Features of a profile's images: what an encoder says of each, kept beside the profile.

    profiles/.features/<name>/<request>.safetensors     vectors (n, d) half floats, hashes (n, 2)

A profile of many images keeps a sample of them, every image with the same chance. From a vector no
picture can be made again, but it says what is on it: it is kept only where somebody asks for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engines.errors import StorageFailed
from engines.metrics.phash import phash64_with_mirror

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.errors import JsonValue
    from engines.protocols import Storage
    from engines.types import Pixels

FOLDER = ".features"


class Encoder(Protocol):
    """What makes vectors of pictures; `engines.evidence` has some."""

    @property
    def name(self) -> str:
        """Name and digest: two encoders of one name give the same vectors."""

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """Float32 (n, dimensions), of length 1. Blocks: tens of milliseconds each."""


OpenEncoder = Callable[[], tuple[Encoder | None, str]]
"""The encoder, or None and why there is none. Blocks the first time."""


def no_encoder() -> tuple[Encoder | None, str]:
    """Where none is offered."""
    return None, "no encoder is set up here"


@dataclass(frozen=True, slots=True)
class FeatureFacts:
    """Where the features of a profile lie, and what they are of."""

    key: str
    sha256: str
    size_bytes: int
    encoder: str
    count: int
    """Images whose features are kept."""
    seen: int
    """Images that they were drawn from."""

    @classmethod
    def of(cls, values: Mapping[str, JsonValue]) -> FeatureFacts:
        """From `asdict`. Raises `TypeError` where something is missing."""
        return cls(**values)  # type: ignore[arg-type]

    def to_json(self) -> dict[str, JsonValue]:
        """All of it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ProfileFeatures:
    """In no particular order."""

    vectors: NDArray[np.float16]
    """(n, dimensions), each of length 1."""
    hashes: NDArray[np.uint64]
    """(n, 2): perceptual hashes of each image and of its mirror."""

    def __len__(self) -> int:
        return len(self.vectors)


def folder_of(area: str, name: str) -> str:
    """Key of the folder that holds the features of the profile `name`, and nothing else."""
    return f"{area}/{FOLDER}/{name}"


def write_features(
    storage: Storage, key: str, found: ProfileFeatures, encoder: str, seen: int
) -> FeatureFacts:
    """Store them under `key`, in place of what an earlier try left there. Blocks."""
    from safetensors.numpy import save

    content = save({"vectors": found.vectors, "hashes": found.hashes}, {"encoder": encoder})
    storage.replace(key, content)
    digest = hashlib.sha256(content).hexdigest()
    return FeatureFacts(key, digest, len(content), encoder, len(found), seen)


def read_features(storage: Storage, facts: FeatureFacts) -> ProfileFeatures:
    """All in memory: 2.6 kB an image with the encoder that comes with the service. Blocks.

    Raises:
        NotFound: the profile changed or went away meanwhile.
        StorageFailed: the file is not the one that was written.
    """
    from safetensors.numpy import load

    content = storage.read(facts.key)
    if hashlib.sha256(content).hexdigest() != facts.sha256:
        raise StorageFailed(f"The features in {facts.key} are damaged")
    found = load(content)
    return ProfileFeatures(found["vectors"], found["hashes"])


class FeatureCollector:
    """Encodes images one by one, and keeps `most` of them: a reservoir sample (Vitter 1985) whose
    draws follow from the number of the image, so the same images in the same order give the same
    sample, in one go or in several."""

    def __init__(
        self, encoder: Encoder, most: int, before: ProfileFeatures | None = None, seen: int = 0
    ) -> None:
        """`before`, drawn from `seen` images, is gone on with."""
        self.encoder = encoder
        self.seen = seen
        self._most = most
        self._vectors = [] if before is None else list(before.vectors)
        self._hashes = [] if before is None else [(int(a), int(b)) for a, b in before.hashes]

    def add(self, pixels: Pixels) -> None:
        """One more image, RGB uint8 (height, width, 3). Blocks: tens of milliseconds of CPU, next
        to nothing for one that is not drawn."""
        place = self._place()
        self.seen += 1
        if place is None:
            return
        vector = self.encoder.encode([pixels])[0].astype(np.float16)
        hashes = phash64_with_mirror(pixels)
        if place == len(self._vectors):
            self._vectors.append(vector)
            self._hashes.append(hashes)
        else:
            self._vectors[place], self._hashes[place] = vector, hashes

    def found(self) -> ProfileFeatures:
        """Of the images so far."""
        vectors = np.array(self._vectors, np.float16).reshape(-1, self.encoder.dimensions)
        return ProfileFeatures(vectors, np.array(self._hashes, np.uint64).reshape(-1, 2))

    def _place(self) -> int | None:
        """Where the next image goes; None where it is not drawn."""
        if len(self._vectors) < self._most:
            return len(self._vectors)
        drawn = int(np.random.default_rng((0, self.seen)).integers(self.seen + 1))
        return drawn if drawn < len(self._vectors) else None
