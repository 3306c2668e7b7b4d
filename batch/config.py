"""Configuration of a batch job, read from one YAML file: input, output, checks, resources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator

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
from engines.types.names import check_new_name
from engines.types.unique_keys import DuplicateKey, read_yaml

M = TypeVar("M", bound=BaseModel)

Format = Literal["webdataset", "parquet", "imagefolder"]


class FileInput(FrozenModel):
    """Prompts in a file: each line (JSONL, text), record (CSV) or row (Parquet) is one prompt."""

    kind: Literal["file"] = "file"
    path: str = Field(
        description="Absolute path, s3://bucket/key, or path relative to the job's start folder."
    )
    format: Literal["auto", "jsonl", "csv", "parquet", "text"] = Field(
        default="auto", description="auto: by the suffix. A .txt file has one prompt per line."
    )
    keep_columns: tuple[str, ...] = Field(
        default=(), description="Columns to store in the metadata; they are not parameters."
    )


class GridInput(FrozenModel):
    """Prompts from templates: each template with each combination of values, `repeats` times."""

    kind: Literal["grid"]
    templates: tuple[str, ...] = Field(
        min_length=1, description='For example "{animal} on a {color} background".'
    )
    values: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Name of a placeholder to its values."
    )
    repeats: int = Field(default=1, ge=1, description="Rows per combination, with different seeds.")


class RowDefaults(FrozenModel):
    """Default parameters of rows."""

    model_id: str | None = Field(default=None, description="None: the engine's first model.")
    negative_prompt: str | None = Field(default=None, description="What must not appear.")
    width: Side = Field(default=DEFAULT_SIDE_PX, description="Width, pixels.")
    height: Side = Field(default=DEFAULT_SIDE_PX, description="Height, pixels.")
    num_inference_steps: Steps = Field(
        default=DEFAULT_INFERENCE_STEPS, description="Denoising steps."
    )
    guidance_scale: Guidance = Field(
        default=DEFAULT_GUIDANCE_SCALE,
        description="Classifier-free guidance weight; <= 1: no guidance.",
    )
    seed: Seed = Field(
        default=0, description="Rows without a seed get one that is derived from this and their id."
    )
    profile: str | None = Field(default=None, description="Profile to match the colors to.")
    profile_strength: float = Field(
        default=1.0, ge=0, le=1, description="How much the colors are changed, 0..1."
    )
    lora: str | None = Field(default=None, description="Adapter in the model's config.")
    guidance_rescale: float | None = Field(
        default=None, ge=0, le=1, description="0..1; None: the default in the model's config."
    )
    speed: Speed | None = Field(
        default=None,
        description="Speed mode: exact, balanced or fast; None: the default in the model's config.",
    )


class OutputConfig(FrozenModel):
    """Where the dataset is written, and how it is divided into shards."""

    root: str = Field(
        description="Absolute folder, s3://bucket/prefix, or path relative to INFERLOOP_DATA_ROOT."
    )
    format: Format = Field(default="webdataset", description="Format of the shards.")
    shard_rows: int = Field(
        default=256,
        ge=1,
        le=4096,
        description="Input rows per shard. After a failure, whole shards are made again.",
    )


class CheckConfig(FrozenModel):
    """The checks that an image must pass to be written. None switches a check off."""

    quality: QualityConfig | None = QualityConfig()
    privacy: PrivacyConfig | None = PrivacyConfig()
    faces: bool = Field(default=True, description="Whether the privacy check looks for faces.")
    text: bool = Field(
        default=False, description="Whether the privacy check reads text; slow on a CPU."
    )

    @model_validator(mode="after")
    def _one_profile(self) -> Self:
        if self.quality is not None and self.quality.profile_by_model:
            raise ValueError("quality.profile_by_model is for services: set quality.profile")
        return self


class TryConfig(FrozenModel):
    """Limits on attempts."""

    images: int = Field(
        default=3,
        ge=1,
        description="Largest number of images made for one row, with different seeds, until one "
        "passes the checks.",
    )
    deaths: int = Field(
        default=3,
        ge=1,
        description="A row fails if its process died this often while it ran only this row.",
    )
    shard_deaths: int = Field(
        default=2,
        ge=1,
        description="If processes died this often while making a shard, its rows run one by one.",
    )
    passes: int = Field(
        default=3,
        ge=1,
        description="Attempts to make missing shards (after failures of storage or lost nodes).",
    )
    deadline_s: float = Field(
        default=3600.0, gt=0, description="Largest time for one image, seconds."
    )


class ResourceConfig(FrozenModel):
    """How many of the cluster's resources the job uses."""

    generators: int = Field(default=1, ge=1, description="Number of engine actors.")
    generator_cpus: float = Field(default=1.0, ge=0, description="CPUs per engine actor.")
    generator_gpus: float = Field(default=0.0, ge=0, description="GPUs per engine actor.")
    generator_resources: Mapping[str, float] = Field(
        default_factory=dict,
        description='Custom resources per engine actor, such as {"gpu_node": 0.01}.',
    )
    in_flight: int = Field(
        default=32,
        ge=1,
        description="Rows in one engine at the same time. As many more may be encoded and checked.",
    )
    shards_per_generator: int = Field(
        default=2,
        ge=1,
        description="Shards that an engine actor makes at the same time, so that it is not idle "
        "while the last rows of one are finished.",
    )
    checkers: int = Field(default=1, ge=1, description="Number of actors that check images.")
    checker_cpus: float = Field(default=0.5, ge=0, description="CPUs per checking actor.")
    checker_resources: Mapping[str, float] = Field(
        default_factory=dict,
        description='Custom resources per checking actor, such as {"cpu_node": 0.01}.',
    )
    writer_cpus: float = Field(default=0.25, ge=0, description="CPUs per writing task.")


class JobConfig(FrozenModel):
    """A batch job from prompts to a finished dataset."""

    name: Annotated[str, AfterValidator(check_new_name)] = Field(
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
        description="Whether hub models may be named by a branch or a tag, which can change. Not "
        "for production.",
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
        """The model of rows that name none."""
        return self.defaults.model_id or self.engine.models[0].id


def load_config(path: Path) -> JobConfig:
    """Read and validate a job file. Raises as `read_model` does."""
    return read_model(path, JobConfig)


def read_model(path: Path, model: type[M]) -> M:
    """Read a YAML (or JSON) file as an instance of `model`.

    Raises:
        InvalidParameters: the file does not exist, is not YAML, or has a key twice in an object; or
            fields are wrong, with one fault for each.
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
