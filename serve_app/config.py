"""Configuration of the API: limits, budgets and names. Contains no secrets."""

from __future__ import annotations

import re
from typing import Literal, Self

from limits import parse as parse_rate
from pydantic import ConfigDict, Field, field_validator, model_validator

from engines.types import limits
from engines.types.frozen import FrozenModel
from serve_app.limits import CallDeadlines as CallDeadlines
from serve_app.limits import DatasetCreationLimits as DatasetCreationLimits
from serve_app.limits import DatasetValidationLimits as DatasetValidationLimits
from serve_app.limits import DownloadLimits as DownloadLimits
from serve_app.limits import StorageQuotas as StorageQuotas
from serve_app.limits import WrongKeyLimits as WrongKeyLimits
from serve_app.webhooks.config import Webhooks

_ORIGIN = re.compile(r"https?://[a-z0-9.\[\]:-]+")
"""An origin as browsers send it (RFC 6454): lower case, without path."""


class FieldBounds(FrozenModel):
    """Limits and defaults of the parameters of generation; OpenAPI shows them."""

    min_side_px: int = Field(
        default=limits.MIN_SIDE_PX, ge=8, description="Smallest width and height, pixels."
    )
    max_side_px: int = Field(
        default=limits.MAX_SIDE_PX, description="Largest width and height, pixels."
    )
    side_multiple_px: int = Field(
        default=limits.SIDE_MULTIPLE_PX, ge=1, description="Sides are multiples of this."
    )
    default_side_px: int = Field(
        default=limits.DEFAULT_SIDE_PX, description="Default width and height, pixels."
    )
    max_inference_steps: int = Field(
        default=limits.MAX_INFERENCE_STEPS, ge=1, description="Most denoising steps."
    )
    default_inference_steps: int = Field(
        default=limits.DEFAULT_INFERENCE_STEPS, ge=1, description="Default denoising steps."
    )
    max_guidance_scale: float = Field(
        default=limits.MAX_GUIDANCE_SCALE, ge=0, description="Largest guidance scale, unitless."
    )
    default_guidance_scale: float = Field(
        default=limits.DEFAULT_GUIDANCE_SCALE, ge=0, description="Default guidance scale."
    )
    max_seed: int = Field(
        default=limits.MAX_SEED,
        ge=0,
        description="Largest seed. Above 2^53-1, integers are not exact in JavaScript.",
    )
    max_prompt_chars: int = Field(
        default=limits.MAX_PROMPT_CHARS, ge=1, description="Longest prompt, characters."
    )
    max_prompts: int = Field(default=64, ge=1, description="Most prompts in one batch call.")
    max_batch_size: int = Field(
        default=32, ge=1, description="Most images of a call that are generated at the same time."
    )
    default_batch_size: int = Field(default=4, ge=1, description="Default of `batch_size`.")


class ModelDefaults(FrozenModel):
    """Default parameters of requests for one model; None: the default in `FieldBounds`."""

    width: int | None = Field(default=None, description="Width, pixels.")
    height: int | None = Field(default=None, description="Height, pixels.")
    num_inference_steps: int | None = Field(default=None, description="Denoising steps.")
    guidance_scale: float | None = Field(default=None, description="Guidance scale, unitless.")


class JobLimits(FrozenModel):
    """Limits of generations: duration, number, and how long their events are kept."""

    deadline_base_s: float = Field(
        default=120.0,
        gt=0,
        description="Fixed part of a generation's deadline, seconds: queueing, model load, "
        "storage.",
    )
    deadline_s_per_megapixel_step: float = Field(
        default=4.0,
        ge=0,
        description="Added to the deadline per denoising step and 10^6 pixels, seconds.",
    )
    max_per_key: int = Field(
        default=64, ge=1, description="Most running generations of one key, per ingress replica."
    )
    coalesce_after_events: int = Field(
        default=16,
        ge=1,
        description="If a reader has more unread progress events than this, it gets only the "
        "newest.",
    )
    kept_finished: int = Field(
        default=1000, ge=0, description="Most finished generations whose events are kept."
    )
    kept_finished_s: float = Field(
        default=600.0, ge=0, description="How long these events are kept, seconds."
    )

    def deadline_s(self, width: int, height: int, num_inference_steps: int) -> float:
        """The deadline in seconds from submission: base + rate * steps * megapixels."""
        megapixels = width * height / 1e6
        return (
            self.deadline_base_s
            + self.deadline_s_per_megapixel_step * num_inference_steps * megapixels
        )


class SocketLimits(FrozenModel):
    """Limits of WebSockets."""

    max_per_key: int = Field(
        default=8, ge=1, description="Most open sockets of one key, per ingress replica."
    )
    max_jobs: int = Field(default=8, ge=1, description="Most unfinished jobs of one socket.")
    max_message_bytes: int = Field(default=65_536, ge=1024, description="Largest message, bytes.")


class BodyLimits(FrozenModel):
    """Limits of request bodies."""

    max_json_bytes: int = Field(default=1_048_576, ge=1024, description="Largest JSON body, bytes.")
    max_upload_bytes: int = Field(
        default=33_554_432, ge=1024, description="Largest image upload, bytes."
    )


class RateLimits(FrozenModel):
    """Allowed requests per key in a moving window, such as "10/minute"."""

    generate: str = Field(default="10/minute", description="Generations, REST and WebSocket.")
    validate_: str = Field(
        default="20/minute", alias="validate", description="Validation, anonymizing, profiling."
    )
    export: str = Field(default="5/minute", description="Exports of every format.")
    upload: str = Field(default="120/minute", description="Image uploads.")
    read: str = Field(default="3000/minute", description="Lists, lookups, downloads, tickets.")

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @field_validator("*")
    @classmethod
    def _is_a_rate(cls, rate: str) -> str:
        parse_rate(rate)
        return rate


class DurableJobs(FrozenModel):
    """Durable jobs (`Prefer: respond-async`), and answers stored for an `Idempotency-Key`."""

    store: Literal["memory", "sqlite", "redis"] = Field(
        default="sqlite",
        description="Where jobs and answers are stored. sqlite: a file in the state folder, for "
        "ingress replicas on one machine. redis: for a cluster. memory: lost when the process "
        "ends.",
    )
    max_running: int = Field(
        default=8, ge=1, description="Most jobs that an ingress replica runs at the same time."
    )
    max_unfinished_per_key: int = Field(
        default=20_000,
        ge=1,
        description="Most unfinished jobs of one key; further ones are refused with 503.",
    )
    keep_s: float = Field(
        default=86_400.0, gt=0, description="How long ended jobs and answers are kept, seconds."
    )
    lease_s: float = Field(
        default=15.0,
        ge=2,
        description="Lease of a running job, seconds. If its replica does not renew it within this "
        "time, another replica continues the job.",
    )
    max_tries: int = Field(
        default=10, ge=1, description="How often a job is started before it fails."
    )
    max_attempts: int = Field(
        default=8,
        ge=1,
        description="Attempts per start while the service is busy or loses replicas.",
    )
    poll_s: float = Field(
        default=0.5, gt=0, description="Time between two searches for waiting jobs, seconds."
    )
    report_every_s: float = Field(
        default=0.25, ge=0.01, description="Shortest time between two progress events, seconds."
    )
    heartbeat_s: float = Field(
        default=15.0,
        gt=0,
        description="An event stream sends a comment after this many seconds without an event.",
    )
    max_streams_per_key: int = Field(
        default=32, ge=1, description="Most open event streams of one key, per ingress replica."
    )


class ApiConfig(FrozenModel):
    """The configuration for `serve_app.app.create_app`."""

    data_root: str = Field(
        default="/data",
        description="Data root, with which paths in answers begin: a folder or s3://bucket/prefix.",
    )
    default_model_id: str = Field(
        default="runwayml/stable-diffusion-v1-5", description="Default of `model_id`."
    )
    model_defaults: dict[str, ModelDefaults] = Field(
        default={},
        description="Model id to its defaults. Set by the service from the models' config.",
    )
    model_loras: dict[str, tuple[str, ...]] = Field(
        default={},
        description="Model id to its adapters. Set by the service from the models' config.",
    )
    bounds: FieldBounds = FieldBounds()
    jobs: JobLimits = JobLimits()
    durable: DurableJobs = DurableJobs()
    webhooks: Webhooks = Webhooks()
    sockets: SocketLimits = SocketLimits()
    bodies: BodyLimits = BodyLimits()
    rates: RateLimits = RateLimits()
    wrong_keys: WrongKeyLimits = WrongKeyLimits()
    log_prompts: bool = Field(
        default=False, description="Whether the audit log shows prompts; they may be personal."
    )
    dataset_validation: DatasetValidationLimits = DatasetValidationLimits()
    dataset_creation: DatasetCreationLimits = DatasetCreationLimits()
    deadlines: CallDeadlines = CallDeadlines()
    cors_origins: tuple[str, ...] = Field(
        default=(),
        description="Origins whose pages may call the API from a browser, such as "
        '"https://studio.example.com"; "*" for any. None by default.',
    )
    downloads: DownloadLimits = DownloadLimits()
    storage_quotas: StorageQuotas = StorageQuotas()
    ingress_replicas: int = Field(
        default=1, ge=1, description="Largest number of ingress replicas."
    )
    rate_limiter: Literal["memory", "actor", "redis"] = Field(
        default="memory",
        description="Where requests are counted and tickets stored. memory: only for one ingress "
        "replica.",
    )

    @field_validator("data_root")
    @classmethod
    def _no_slash_at_the_end(cls, root: str) -> str:
        if not root.startswith(("/", "s3://")):
            raise ValueError("data_root is an absolute folder or s3://bucket/prefix")
        return root.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is not an origin: scheme://host or scheme://host:port"
                )
        return origins

    @model_validator(mode="after")
    def _one_counter_for_all_replicas(self) -> Self:
        if self.rate_limiter == "memory" and self.ingress_replicas > 1:
            raise ValueError("rate_limiter 'memory' counts in one replica: use 'actor' or 'redis'")
        if self.durable.store == "memory" and self.ingress_replicas > 1:
            raise ValueError("durable.store 'memory' is one replica's: use 'sqlite' or 'redis'")
        return self
