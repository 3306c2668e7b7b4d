"""Configuration of a batch job: input, output, checks, resources. Frozen; from one YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from engines.diffusion.config import EngineConfig
from engines.diffusion.pinning import check_pinned
from engines.errors import Fault, InvalidParameters
from engines.privacy.config import PrivacyConfig
from engines.provenance.config import MarksConfig
from engines.quality.config import QualityConfig
from engines.types.frozen import FrozenModel
from engines.types.limits import (
    DEFAULT_GUIDANCE_SCALE,
    DEFAULT_INFERENCE_STEPS,
    DEFAULT_SIDE_PX,
    Guidance,
    Seed,
    Side,
    Speed,
    Steps,
)
from engines.types.unique_keys import DuplicateKey, read_yaml

M = TypeVar("M", bound=BaseModel)

Format = Literal["webdataset", "parquet", "imagefolder"]


class FileInput(FrozenModel):
    """Prompts in a file: each line (JSONL, text), record (CSV) or row (Parquet) is one prompt."""

    kind: Literal["file"] = "file"
    path: str = Field(
        description="Absolute, s3://bucket/key, or relative to the folder the job starts in."
    )
    format: Literal["auto", "jsonl", "csv", "parquet", "text"] = Field(
        default="auto", description="auto: by the suffix; .txt is one prompt a line."
    )
    keep_columns: tuple[str, ...] = Field(
        default=(), description="Columns that are no parameter and go into the metadata as is."
    )


class GridInput(FrozenModel):
    """Every combination of the values in every template, `repeats` times."""

    kind: Literal["grid"]
    templates: tuple[str, ...] = Field(
        min_length=1, description='For example "{animal} on a {color} background".'
    )
    values: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Placeholder to its values."
    )
    repeats: int = Field(default=1, ge=1, description="Rows per combination; seeds differ.")


class RowDefaults(FrozenModel):
    """Parameters of rows that do not set them."""

    model_id: str | None = Field(default=None, description="None: the engine's first model.")
    negative_prompt: str | None = Field(default=None, description="What must not appear.")
    width: Side = Field(default=DEFAULT_SIDE_PX, description="Pixels.")
    height: Side = Field(default=DEFAULT_SIDE_PX, description="Pixels.")
    num_inference_steps: Steps = Field(
        default=DEFAULT_INFERENCE_STEPS, description="Denoising steps."
    )
    guidance_scale: Guidance = Field(
        default=DEFAULT_GUIDANCE_SCALE,
        description="Classifier-free guidance weight; <= 1 is without.",
    )
    seed: Seed = Field(default=0, description="Mixed into every seed that is derived.")
    profile: str | None = Field(default=None, description="Profile to match the colors to.")
    profile_strength: float = Field(default=1.0, ge=0, le=1, description="0..1, how far.")
    lora: str | None = Field(default=None, description="Adapter that the model's config lists.")
    guidance_rescale: float | None = Field(
        default=None, ge=0, le=1, description="0..1; None: as the model's entry says."
    )
    speed: Speed | None = Field(
        default=None,
        description="exact, balanced or fast: how much of the work may be left out; None: as the "
        "model's entry says.",
    )


class OutputConfig(FrozenModel):
    """Where the dataset is written, and how it is divided into shards."""

    root: str = Field(
        description="Absolute folder, s3://bucket/prefix, or a path below INFERLOOP_DATA_ROOT."
    )
    format: Format = Field(default="webdataset", description="Of the shards.")
    shard_rows: int = Field(
        default=256,
        ge=1,
        le=4096,
        description="Input rows of one shard: what is published, and redone, as one.",
    )


class CheckConfig(FrozenModel):
    """What an image must pass to be written. None switches a check off."""

    quality: QualityConfig | None = QualityConfig()
    privacy: PrivacyConfig | None = PrivacyConfig()
    faces: bool = Field(default=True, description="Whether privacy looks for faces.")
    text: bool = Field(default=False, description="Whether privacy reads text; slow on CPU.")


class TryConfig(FrozenModel):
    """When to give up."""

    images: int = Field(
        default=3, ge=1, description="Images made for one row, each with its own seed."
    )
    deaths: int = Field(
        default=3, ge=1, description="Processes that a row may kill while it runs alone."
    )
    shard_deaths: int = Field(
        default=2, ge=1, description="Deaths under a shard before its rows run one by one."
    )
    passes: int = Field(
        default=3, ge=1, description="Rounds over what is missing (storage away, nodes lost)."
    )
    deadline_s: float = Field(default=3600.0, gt=0, description="Seconds for one image.")


class ResourceConfig(FrozenModel):
    """How many of the cluster's resources the job uses."""

    generators: int = Field(default=1, ge=1, description="Engine actors.")
    generator_cpus: float = Field(default=1.0, ge=0, description="CPUs of an engine actor.")
    generator_gpus: float = Field(default=0.0, ge=0, description="GPUs of an engine actor.")
    generator_resources: Mapping[str, float] = Field(
        default_factory=dict, description='Custom resources, such as {"gpu_node": 0.01}.'
    )
    in_flight: int = Field(
        default=32,
        ge=1,
        description="Rows in one engine at once; as many more may be encoded and judged meanwhile.",
    )
    shards_per_generator: int = Field(
        default=2, ge=1, description="Open shards per engine actor: the next fills the last's tail."
    )
    checkers: int = Field(default=1, ge=1, description="Actors that judge images.")
    checker_cpus: float = Field(default=0.5, ge=0, description="CPUs of one of them.")
    checker_resources: Mapping[str, float] = Field(
        default_factory=dict, description='Custom resources, such as {"cpu_node": 0.01}.'
    )
    writer_cpus: float = Field(default=0.25, ge=0, description="CPUs of a task that writes.")


class JobConfig(FrozenModel):
    """A batch job from prompts to a finished dataset."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="Name of the dataset."
    )
    input: Annotated[FileInput | GridInput, Field(discriminator="kind")]
    output: OutputConfig
    engine: EngineConfig
    defaults: RowDefaults = RowDefaults()
    checks: CheckConfig = CheckConfig()
    marks: MarksConfig = MarksConfig()
    tries: TryConfig = TryConfig()
    resources: ResourceConfig = ResourceConfig()
    compare_profile: str | None = Field(
        default=None, description="Profile that the report compares the dataset with."
    )
    allow_unpinned_models: bool = Field(
        default=False,
        description="Whether a hub model may have a revision that can move (never in production).",
    )

    @model_validator(mode="after")
    def _engine_takes_what_is_in_flight(self) -> Self:
        if self.resources.in_flight > self.engine.max_queued:
            raise ValueError("resources.in_flight must not exceed engine.max_queued")
        return self

    @model_validator(mode="after")
    def _weights_cannot_change(self) -> Self:
        if not self.allow_unpinned_models:
            check_pinned(self.engine)
        return self

    @property
    def model_id(self) -> str:
        """Model of a row that names none."""
        return self.defaults.model_id or self.engine.models[0].id


def load_config(path: Path) -> JobConfig:
    """Read and check a job file; raises as `read_model`."""
    return read_model(path, JobConfig)


def read_model(path: Path, model: type[M]) -> M:
    """A model from a file of YAML, or of JSON, which is YAML.

    Raises:
        InvalidParameters: absent, not YAML, a key twice in one object, or one fault per wrong
            field.
    """
    try:
        found = read_yaml(path.read_text(encoding="utf-8-sig"))
    except DuplicateKey as error:
        raise InvalidParameters.of(path.name, error.key, "each key once", str(error)) from None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        constraint = "a readable YAML file"
        reason = f"must be {constraint}: {type(error).__name__}"
        raise InvalidParameters.of("config", path.name, constraint, reason) from None
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise InvalidParameters(*_faults(error)) from None


def _faults(error: ValidationError) -> list[Fault]:
    faults = []
    for item in error.errors(include_url=False, include_context=False):
        where = ".".join(str(part) for part in item["loc"]) or "config"
        faults.append(Fault(where, str(item["input"])[:100], item["type"], item["msg"]))
    return faults
