"""Features of a profile's images: an encoder's vector for each image, stored beside the profile.

    profiles/.features/<name>/<request>.safetensors     vectors (n, d) float16, hashes (n, 2)

Of many images, a random sample is kept. A picture cannot be reconstructed from its vector, but the
vector tells what the picture shows. Therefore features are kept only on request.
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
    """Computes a vector for each picture. Implemented in `engines.evidence`."""

    @property
    def name(self) -> str:
        """Name with a digest of the weights: encoders of the same name give the same vectors."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, dimensions). Blocks for tens of milliseconds per picture."""


OpenEncoder = Callable[[], tuple[Encoder | None, str]]
"""Returns the encoder and "", or None and the reason. The first call blocks while it loads."""


def no_encoder() -> tuple[Encoder | None, str]:
    """The `OpenEncoder` of a service without an encoder."""
    return None, "no encoder is set up here"


@dataclass(frozen=True, slots=True)
class FeatureFacts:
    """The stored file of a profile's features."""

    key: str
    sha256: str
    size_bytes: int
    encoder: str
    """Name of the encoder."""
    count: int
    """Number of images whose features are kept."""
    seen: int
    """Number of images from which these were drawn."""

    @classmethod
    def of(cls, values: Mapping[str, JsonValue]) -> FeatureFacts:
        """From the result of `to_json`. Raises `TypeError` if a field is missing or unknown."""
        return cls(**values)  # type: ignore[arg-type]

    def to_json(self) -> dict[str, JsonValue]:
        """All fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ProfileFeatures:
    """The features of n images, in no particular order."""

    vectors: NDArray[np.float16]
    """Unit vectors, (n, dimensions)."""
    hashes: NDArray[np.uint64]
    """Perceptual hashes of each image and of its mirror image, (n, 2)."""

    def __len__(self) -> int:
        return len(self.vectors)


def folder_of(area: str, name: str) -> str:
    """Storage key of the folder with the features of the profile `name`."""
    return f"{area}/{FOLDER}/{name}"


def write_features(
    storage: Storage, key: str, found: ProfileFeatures, encoder: str, seen: int
) -> FeatureFacts:
    """Store features under `key`, replacing what an earlier attempt stored. Blocks.

    `encoder`: its name. `seen`: the number of images from which the features were drawn.
    """
    from safetensors.numpy import save

    content = save({"vectors": found.vectors, "hashes": found.hashes}, {"encoder": encoder})
    storage.replace(key, content)
    digest = hashlib.sha256(content).hexdigest()
    return FeatureFacts(key, digest, len(content), encoder, len(found), seen)


def read_features(storage: Storage, facts: FeatureFacts) -> ProfileFeatures:
    """Read all features into memory, 2.6 kB per image with the included encoder. Blocks.

    Raises:
        NotFound: the profile was changed or deleted meanwhile.
        StorageFailed: the file's SHA-256 is not `facts.sha256`.
    """
    from safetensors.numpy import load

    content = storage.read(facts.key)
    if hashlib.sha256(content).hexdigest() != facts.sha256:
        raise StorageFailed(f"The features in {facts.key} are damaged")
    found = load(content)
    return ProfileFeatures(found["vectors"], found["hashes"])


class FeatureCollector:
    """Encodes images one by one, and keeps the features of at most `most` of them.

    A reservoir sample (Vitter 1985), in which every image has the same chance. The random draws
    depend only on the number of the image, so the same images in the same order give the same
    sample.
    """

    def __init__(
        self, encoder: Encoder, most: int, before: ProfileFeatures | None = None, seen: int = 0
    ) -> None:
        """`before`: a sample of `seen` images to continue from; None for an empty one."""
        self.encoder = encoder
        self.seen = seen
        self._most = most
        self._vectors = [] if before is None else list(before.vectors)
        self._hashes = [] if before is None else [(int(a), int(b)) for a, b in before.hashes]

    def add(self, pixels: Pixels) -> None:
        """Add an image, RGB uint8 (height, width, 3). Blocks for tens of milliseconds of CPU if the
        image is drawn for the sample."""
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
        """The features of the present sample."""
        vectors = np.array(self._vectors, np.float16).reshape(-1, self.encoder.dimensions)
        return ProfileFeatures(vectors, np.array(self._hashes, np.uint64).reshape(-1, 2))

    def _place(self) -> int | None:
        """Index in the sample for the next image; None if it is not drawn."""
        if len(self._vectors) < self._most:
            return len(self._vectors)
        drawn = int(np.random.default_rng((0, self.seen)).integers(self.seen + 1))
        return drawn if drawn < len(self._vectors) else None
