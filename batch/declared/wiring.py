"""Create the parts of a job's makers from its config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batch.declared.config import DeclaredConfig
from batch.marking import job_marks
from batch.wiring import library_versions
from engines.datasets.records.reading import model_of_image
from engines.images import ImageLimits
from engines.profiles import ProfileService
from engines.profiles.matching import ColorMatching, MatchColors
from engines.provenance.watermark import watermarked
from engines.storage.opening import open_storage

if TYPE_CHECKING:
    from engines.datasets.marking import ImageMarks
    from engines.privacy import PrivacyValidator
    from engines.protocols import DiffusionEngine, Storage
    from engines.quality import QualityValidator


@dataclass(frozen=True, slots=True)
class DeclaredWiring:
    """Implements `MakerWiring`. Roots are absolute. S3 credentials come from AWS's own chain."""

    config: DeclaredConfig
    data_root: str
    models_root: str
    s3_endpoint_url: str | None = None

    @property
    def default_model(self) -> str:
        return self.config.engine.models[0].id

    def storage(self) -> Storage:
        return open_storage(self.data_root, self.s3_endpoint_url)

    def engine(self) -> DiffusionEngine:
        from engines.diffusion.engine import StepEngine

        return StepEngine(self.config.engine, models_root=Path(self.models_root))

    def matching(self) -> MatchColors:
        profiles = ProfileService(self.storage())
        profiles.seed()
        match = ColorMatching(profiles, remember=True)
        return watermarked(match, self.config.engine.watermarked, self.config.marks)

    def quality(self) -> QualityValidator:
        """The validator of the job's config. Blocks while it loads."""
        from engines.quality import QualityValidator

        model_of = partial(model_of_image, self.storage())
        return QualityValidator(self.config.quality, recorded_model=model_of)

    def privacy(self) -> PrivacyValidator:
        """The validator of the job's config. Blocks while its detectors load."""
        from engines.privacy import build_privacy_validator

        return build_privacy_validator(self.config.privacy, ImageLimits(), self.storage())

    def marks(self) -> ImageMarks:
        return job_marks(self.config.marks, self.storage())

    def versions(self) -> Mapping[str, str]:
        return library_versions()
