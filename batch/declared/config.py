"""Configuration of jobs for declared datasets, read from one YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from batch.config import read_model
from engines.datasets.spec.model import DatasetSpec
from engines.diffusion.config import EngineConfig
from engines.diffusion.pinning import check_pinned
from engines.privacy.config import PrivacyConfig
from engines.provenance.config import MarksConfig
from engines.quality.config import QualityConfig
from engines.types.frozen import FrozenModel

DEFAULT_CONFIG = Path(__file__).with_name("local.yaml")
"""The default config: the embedded model, and the checks of `configs/local.yaml`."""


class DeclaredResources(FrozenModel):
    """How many of the cluster's resources the job uses."""

    makers: int = Field(
        default=1, ge=1, description="Number of actors; each has an engine and makes the checks."
    )
    maker_cpus: float = Field(default=1.0, ge=0, description="CPUs per actor.")
    maker_gpus: float = Field(default=0.0, ge=0, description="GPUs per actor.")
    in_flight: int = Field(default=16, ge=1, description="Images in one engine at the same time.")
    deaths: int = Field(
        default=3,
        ge=1,
        description="The job ends with an error if processes died this often while making one "
        "image.",
    )


class DeclaredConfig(FrozenModel):
    """Engine, checks and resources. The declaration decides which images are made."""

    engine: EngineConfig
    quality: QualityConfig = QualityConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    marks: MarksConfig = MarksConfig()
    resources: DeclaredResources = DeclaredResources()
    allow_unpinned_models: bool = Field(
        default=False,
        description="Whether hub models may be named by a branch or a tag, which can change. Not "
        "for production.",
    )

    @model_validator(mode="after")
    def _weights_cannot_change(self) -> Self:
        if not self.allow_unpinned_models:
            check_pinned(self.engine)
        return self


def load_declared_config(path: Path | None) -> DeclaredConfig:
    """Read the config file, or `DEFAULT_CONFIG` for None. Raises `InvalidParameters` with one fault
    per wrong field."""
    return read_model(path or DEFAULT_CONFIG, DeclaredConfig)


def load_declaration(path: Path) -> DatasetSpec:
    """Read a declaration in YAML or JSON. Raises `InvalidParameters` with one fault per wrong
    field."""
    return read_model(path, DatasetSpec)
