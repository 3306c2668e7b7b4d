"""Make, check and store the images of a declared dataset in one process. Does not use Ray."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from batch.making.generation import generate
from engines.datasets.marking import ImageMarks
from engines.datasets.spec.requirements import Requirements
from engines.datasets.spec.tries import Judged
from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.datasets.upkeep.removal import delete_image
from engines.errors import NotFound
from engines.privacy import PrivacyValidator
from engines.profiles import ProfileService
from engines.profiles.matching import MatchColors
from engines.protocols import DiffusionEngine, Storage
from engines.quality import QualityValidator
from engines.types import (
    GenerationRequest,
    PrivacyReport,
    QualityReport,
    StoredImage,
    Verdicts,
)


class MakerWiring(Protocol):
    """Creates the parts of a maker. Picklable, and contains no secrets."""

    @property
    def default_model(self) -> str:
        """The model of images that name none."""

    def storage(self) -> Storage:
        """The data root."""

    def engine(self) -> DiffusionEngine:
        """A new engine, not started."""

    def matching(self) -> MatchColors:
        """The function that matches an image's colors to the profile in its request."""

    def quality(self) -> QualityValidator:
        """The quality validator."""

    def privacy(self) -> PrivacyValidator:
        """The privacy validator."""

    def marks(self) -> ImageMarks:
        """Adds marks to images; its log of marks is in the data root."""

    def versions(self) -> Mapping[str, str]:
        """Library to version, for the recipes."""


@dataclass(slots=True)
class _Judges:
    """The validators, each loaded when an image first needs it."""

    wiring: MakerWiring
    quality: QualityValidator | None = None
    privacy: PrivacyValidator | None = None
    profiles: ProfileService | None = None

    def of_quality(self) -> QualityValidator:
        self.quality = self.quality or self.wiring.quality()
        return self.quality

    def of_privacy(self) -> PrivacyValidator:
        if self.privacy is None:
            self.privacy = self.wiring.privacy()
            self.privacy.warm()
        return self.privacy

    def of_profiles(self) -> ProfileService:
        self.profiles = self.profiles or ProfileService(self.wiring.storage())
        return self.profiles


class Maker:
    """Makes and checks images in this process; for one event loop."""

    def __init__(self, wiring: MakerWiring) -> None:
        self.default_model = wiring.default_model
        self._engine = wiring.engine()
        self._engine.start()
        self._store = DatasetStore(wiring.storage())
        self._recorder = ImageRecorder(self._store, wiring.versions(), marks=wiring.marks())
        self._match = wiring.matching()
        self._judges = _Judges(wiring)
        self._judging = asyncio.Lock()

    async def make(self, request: GenerationRequest) -> StoredImage:
        """Generate and store an image, as the service's diffusion replicas do."""
        if request.repeated:
            found = await asyncio.to_thread(self._recorder.stored, request)
            if found is not None:
                return found
        image = await generate(self._engine, request)
        matched = await asyncio.to_thread(self._match, request, image)
        return await asyncio.to_thread(self._recorder.record, request, matched)

    async def judge(
        self, image: StoredImage, request: GenerationRequest, wanted: Requirements
    ) -> Judged:
        """Check an image, and store the verdicts beside it, as the service's validators do."""
        async with self._judging:
            return await asyncio.to_thread(self._judged, image.key, request.prompt, wanted)

    async def discard(self, key: str) -> None:
        with suppress(NotFound):
            await asyncio.to_thread(delete_image, self._store, key)

    def close(self) -> None:
        """Stop the engine."""
        self._engine.shutdown()

    def _judged(self, key: str, prompt: str, wanted: Requirements) -> Judged:
        quality: QualityReport | None = None
        privacy: PrivacyReport | None = None
        content = self._store.storage.read(key)
        if wanted.quality is not None:
            metrics = [*wanted.quality.min_metrics] or None
            quality = self._judges.of_quality().validate(content, key, metrics, prompt)
            self._store.record_verdict(key, quality)
        if wanted.privacy is not None:
            faces, text = wanted.privacy.check_faces, wanted.privacy.check_text
            privacy = self._judges.of_privacy().validate(content, key, faces, text)
            self._store.record_verdict(key, privacy)
        conformance: float | None = None
        if wanted.profile is not None:
            conformance = self._judges.of_profiles().conformance(wanted.profile.name, key)
        verdicts = Verdicts(quality, privacy, conformance)
        return Judged(verdicts, wanted.missed(verdicts))
