"""Builds the engines of a replica from its configuration: what `bind` carries to the actors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from deployments.config import PoolConfig
from deployments.settings import Settings
from deployments.spaces import PerSpace
from engines.diffusion.models import sources
from engines.diffusion.scheduling.capacity import Capacity, capacity
from engines.images import ImageInfo, ImageLimits, ReadPixels, read_pixels, verify
from engines.protocols import DiffusionEngine, Storage
from engines.sandbox import Sandbox, SandboxLimits
from engines.storage.free_space import StorageLimits
from engines.types import (
    SPACES_FOLDER,
    AllowedBuckets,
    GeneratedImage,
    GenerationRequest,
    StoredImage,
    check_space,
)

if TYPE_CHECKING:
    from engines.storage.s3.client import S3Client

NO_EXPORTS = AllowedBuckets("INFERLOOP_S3_EXPORT_BUCKETS")
NO_SOURCES = AllowedBuckets("INFERLOOP_S3_SOURCE_BUCKETS")

RECORDED_LIBRARIES = ("torch", "diffusers", "transformers", "numpy", "pillow")
"""Whose versions stand in every recipe: what an image depends on beside its request."""


class Recorder(Protocol):
    def record(self, request: GenerationRequest, image: GeneratedImage) -> StoredImage:
        """Write the image and its recipe; a repeated run answers the image that is there."""


@dataclass(frozen=True, slots=True)
class SpacesRecorder:
    """One recorder for each space."""

    recorders: PerSpace[Recorder]

    def record(self, request: GenerationRequest, image: GeneratedImage) -> StoredImage:
        return self.recorders.get(request.space).record(request, image)


@dataclass(frozen=True, slots=True)
class DataRoot:
    """Where objects live. Holds no secret: S3 credentials come by the standard AWS chain."""

    root: str
    s3_endpoint_url: str | None = None
    limits: StorageLimits = field(default_factory=StorageLimits)
    space: str | None = None
    """The tenant whose part of it this is; None: what lies outside every space."""

    @classmethod
    def of(cls, settings: Settings, limits: StorageLimits | None = None) -> DataRoot:
        """Where the settings say; `limits` None: the defaults."""
        return cls(
            settings.absolute_data_root(), settings.s3_endpoint_url, limits or StorageLimits()
        )

    def in_space(self, space: str | None) -> DataRoot:
        """The part of a tenant. `InvalidParameters` for a name that no space can have."""
        return replace(self, space=None if space is None else check_space(space))

    def storage(self) -> Storage:
        """Its keys are relative to the space: none of them reaches out of it."""
        from engines.storage.opening import open_storage

        root = self.root if self.space is None else f"{self.root}/{SPACES_FOLDER}/{self.space}"
        return open_storage(root, self.s3_endpoint_url, self.limits)

    def s3_client(self, max_connections: int) -> S3Client:
        """A client for buckets of the users, with the service's own credentials."""
        from engines.storage.s3.client import S3ClientConfig, make_s3_client

        config = S3ClientConfig(endpoint_url=self.s3_endpoint_url, max_connections=max_connections)
        return make_s3_client(config)

    def wire_path(self, key: str) -> str:
        """The path under which a client knows the key: in every space the same."""
        return f"{self.root}/{key}"


class EngineWiring(Protocol):
    """What a diffusion replica is built from."""

    @property
    def pool_name(self) -> str:
        """As its metrics name the pool."""

    def engine(self) -> DiffusionEngine:
        """A new engine, not started."""

    def recorder(self) -> Recorder:
        """Where the images go."""


@dataclass(frozen=True, slots=True)
class DiffusionWiring:
    """`EngineWiring` of the service; tests hand in one with a fake engine."""

    pool: PoolConfig
    data: DataRoot
    models_root: str

    @property
    def pool_name(self) -> str:
        return self.pool.name

    def capacity(self) -> Capacity:
        """What one replica of the pool can use at once. Reads the VAE's config where it is at
        hand, loads nothing."""
        return capacity(
            self.pool.engine, sources.size_rules(self.pool.engine, Path(self.models_root))
        )

    def engine(self) -> DiffusionEngine:
        from engines.diffusion.engine import StepEngine

        return StepEngine(self.pool.engine, models_root=Path(self.models_root))

    def recorder(self) -> Recorder:
        """Stores each image in the space of its request."""
        return SpacesRecorder(PerSpace(self._recorder_of))

    def _recorder_of(self, space: str | None) -> Recorder:
        from deployments.recording import MatchingRecorder
        from engines.datasets.recorder import ImageRecorder
        from engines.datasets.store import DatasetStore
        from engines.profiles import ProfileService
        from engines.profiles.matching import ColorMatching

        versions = {name: version(name) for name in RECORDED_LIBRARIES}
        storage = self.data.in_space(space).storage()
        recorder = ImageRecorder(DatasetStore(storage), versions)
        profiles = ProfileService(storage)
        if space is not None:  # the profiles' deployment has perhaps not heard of the space yet
            profiles.seed()
        return MatchingRecorder(recorder, ColorMatching(profiles))


@dataclass(frozen=True, slots=True)
class FileWiring:
    """What the validators, the exporter and the file service need beside their own config."""

    data: DataRoot
    limits: ImageLimits
    export_buckets: AllowedBuckets = NO_EXPORTS
    source_buckets: AllowedBuckets = NO_SOURCES
    sandbox_limits: SandboxLimits = field(default_factory=SandboxLimits)

    def sandbox(self, workers: int, *preload: str) -> Sandbox:
        """Processes that read strangers' images; `preload` names modules that they use."""
        limits = self.sandbox_limits.model_copy(update={"workers": workers})
        return Sandbox(limits, preload or (read_pixels.__module__,))

    def pixel_reader(self, workers: int) -> ReadPixels:
        """`read_pixels` in so many processes; their number bounds the images read at once."""
        sandbox = self.sandbox(workers)
        return lambda content, limits: sandbox.run(read_pixels, content, limits)

    def verifier(self, workers: int) -> Callable[[bytes, ImageLimits], ImageInfo]:
        """`verify` in so many processes, which start when the first image comes."""
        sandbox = self.sandbox(workers, verify.__module__)
        return lambda content, limits: sandbox.run(verify, content, limits)

    @classmethod
    def of(
        cls, settings: Settings, data: DataRoot, limits: ImageLimits, sandbox: SandboxLimits
    ) -> FileWiring:
        buckets = settings.export_buckets(), settings.source_buckets()
        return cls(data, limits, *buckets, sandbox)
