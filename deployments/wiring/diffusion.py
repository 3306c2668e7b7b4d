"""Builds the engine and the recorder of a diffusion replica."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from deployments.config import PoolConfig
from deployments.wiring.data import DataRoot
from deployments.wiring.marks import NO_MARKS, MakeMarks, MarksWiring
from deployments.wiring.spaces import PerSpace
from engines.diffusion.models import sources
from engines.diffusion.scheduling.capacity import Capacity, capacity
from engines.protocols import DiffusionEngine
from engines.types import GeneratedImage, GenerationRequest, StoredImage

if TYPE_CHECKING:
    from engines.profiles.matching import MatchColors

RECORDED_LIBRARIES = ("torch", "diffusers", "transformers", "numpy", "pillow")
"""Libraries whose versions are stored in every recipe, because the image depends on them."""


class Recorder(Protocol):
    """Stores the images of an engine."""

    def record(self, request: GenerationRequest, image: GeneratedImage) -> StoredImage:
        """Store the image and its recipe. A repeated run returns the image that already exists."""

    def stored(self, request: GenerationRequest) -> StoredImage | None:
        """The image that an earlier run of the same request stored; None if there is none."""


@dataclass(frozen=True, slots=True)
class SpacesRecorder:
    """One recorder for each space."""

    recorders: PerSpace[Recorder]

    def record(self, request: GenerationRequest, image: GeneratedImage) -> StoredImage:
        return self.recorders.get(request.space).record(request, image)

    def stored(self, request: GenerationRequest) -> StoredImage | None:
        return self.recorders.get(request.space).stored(request)


@dataclass(frozen=True, slots=True)
class MatchingRecorder:
    """A recorder that first matches the colors of the image to the requested profile. Blocks."""

    recorder: Recorder
    match: MatchColors

    def record(self, request: GenerationRequest, image: GeneratedImage) -> StoredImage:
        """As the inner recorder. Raises `NotFound` for a profile that does not exist."""
        return self.recorder.record(request, self.match(request, image))

    def stored(self, request: GenerationRequest) -> StoredImage | None:
        """As the inner recorder: a stored image is already matched and watermarked."""
        return self.recorder.stored(request)


class EngineWiring(Protocol):
    """Builds the engine and the recorder of a diffusion replica."""

    @property
    def pool_name(self) -> str:
        """Name of the pool, which is also its label in metrics."""

    def engine(self) -> DiffusionEngine:
        """A new engine, not started."""

    def recorder(self) -> Recorder:
        """The recorder that stores the images."""


@dataclass(frozen=True, slots=True)
class DiffusionWiring:
    """`EngineWiring` of the service. Tests use another one, with a fake engine."""

    pool: PoolConfig
    data: DataRoot
    models_root: str
    marks: MarksWiring = NO_MARKS

    @property
    def pool_name(self) -> str:
        return self.pool.name

    def capacity(self) -> Capacity:
        """How many requests one replica can process at the same time. Reads the VAE's config if it
        is on this machine, and loads no model."""
        return capacity(
            self.pool.engine, sources.size_rules(self.pool.engine, Path(self.models_root))
        )

    def engine(self) -> DiffusionEngine:
        from engines.diffusion.engine import StepEngine

        return StepEngine(self.pool.engine, models_root=Path(self.models_root))

    def recorder(self) -> Recorder:
        """Stores each image in the space of its request."""
        marks = self.marks.maker()
        return SpacesRecorder(PerSpace(lambda space: self._recorder_of(space, marks)))

    def _recorder_of(self, space: str | None, marks: MakeMarks) -> Recorder:
        from engines.datasets.store.recorder import ImageRecorder
        from engines.datasets.store.store import DatasetStore
        from engines.profiles import ProfileService
        from engines.profiles.matching import ColorMatching
        from engines.provenance.watermark import watermarked

        versions = {name: version(name) for name in RECORDED_LIBRARIES}
        storage = self.data.in_space(space).storage()
        recorder = ImageRecorder(DatasetStore(storage), versions, marks=marks(storage))
        profiles = ProfileService(storage)
        if space is not None:  # The deployment `profiles` may not have seen this space yet.
            profiles.seed()
        models, match = self.pool.engine.watermarked, ColorMatching(profiles)
        return MatchingRecorder(recorder, watermarked(match, models, self.marks.config))
