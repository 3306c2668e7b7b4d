"""Configuration of the API: bounds, budgets, caps and names. Frozen; holds no secrets."""

from __future__ import annotations

import re
from typing import Literal, Self

from limits import parse as parse_rate
from pydantic import ConfigDict, Field, field_validator, model_validator

from engines.types import limits
from engines.types.frozen import FrozenModel
from serve_app.datasets.limits import DatasetCreationLimits as DatasetCreationLimits
from serve_app.generation.defaults import ModelDefaults as ModelDefaults
from serve_app.webhooks.config import Webhooks

_ORIGIN = re.compile(r"https?://[a-z0-9.\[\]:-]+")
"""As browsers send it (RFC 6454): lower case, without path."""


class FieldBounds(FrozenModel):
    """Bounds and defaults of what a client may ask for; OpenAPI shows them."""

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
        default=limits.DEFAULT_SIDE_PX, description="Width and height when left out."
    )
    max_inference_steps: int = Field(
        default=limits.MAX_INFERENCE_STEPS, ge=1, description="Most denoising steps."
    )
    default_inference_steps: int = Field(
        default=limits.DEFAULT_INFERENCE_STEPS, ge=1, description="Steps when left out."
    )
    max_guidance_scale: float = Field(
        default=limits.MAX_GUIDANCE_SCALE, ge=0, description="Largest guidance, unitless."
    )
    default_guidance_scale: float = Field(
        default=limits.DEFAULT_GUIDANCE_SCALE, ge=0, description="Guidance when left out."
    )
    max_seed: int = Field(
        default=limits.MAX_SEED,
        ge=0,
        description="Largest seed; JavaScript keeps integers to 2^53-1.",
    )
    max_prompt_chars: int = Field(
        default=limits.MAX_PROMPT_CHARS, ge=1, description="Longest prompt, characters."
    )
    max_prompts: int = Field(default=64, ge=1, description="Most prompts in one batch call.")
    max_batch_size: int = Field(default=32, ge=1, description="Most images of a call in flight.")
    default_batch_size: int = Field(default=4, ge=1, description="Images in flight if left out.")


class JobLimits(FrozenModel):
    """How long a generation may take, how many run, how long their logs are kept."""

    deadline_base_s: float = Field(
        default=120.0, gt=0, description="Seconds for any job: queueing, model load, storage."
    )
    deadline_s_per_megapixel_step: float = Field(
        default=4.0, ge=0, description="Seconds added per denoising step and 10^6 pixels."
    )
    max_per_key: int = Field(
        default=64, ge=1, description="Jobs of one key at once, in one ingress replica."
    )
    coalesce_after_events: int = Field(
        default=16, ge=1, description="Unread events past which a reader gets the newest only."
    )
    kept_finished: int = Field(default=1000, ge=0, description="Finished jobs kept for readers.")
    kept_finished_s: float = Field(default=600.0, ge=0, description="Seconds they are kept.")

    def deadline_s(self, width: int, height: int, num_inference_steps: int) -> float:
        """Seconds from submission: base + rate * steps * megapixels, so it grows with the work."""
        megapixels = width * height / 1e6
        return (
            self.deadline_base_s
            + self.deadline_s_per_megapixel_step * num_inference_steps * megapixels
        )


class SocketLimits(FrozenModel):
    """Caps of the WebSocket endpoint."""

    max_per_key: int = Field(
        default=8, ge=1, description="Open sockets of one key, in one ingress replica."
    )
    max_jobs: int = Field(default=8, ge=1, description="Unfinished jobs on one socket.")
    max_message_bytes: int = Field(default=65_536, ge=1024, description="Largest message, bytes.")


class BodyLimits(FrozenModel):
    """Largest request bodies."""

    max_json_bytes: int = Field(default=1_048_576, ge=1024, description="JSON body, bytes.")
    max_upload_bytes: int = Field(
        default=33_554_432, ge=1024, description="Body of an image upload, bytes."
    )


class RateLimits(FrozenModel):
    """Requests per key in a moving window, such as "10/minute"."""

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


class WrongKeyLimits(FrozenModel):
    """How wrong keys are slowed; right keys are always served."""

    per_minute: int = Field(
        default=20, ge=1, description="Wrong keys a minute from one address; past them 429."
    )
    max_addresses: int = Field(
        default=10_000, ge=1, description="Addresses remembered; the quietest is forgotten first."
    )


class CallDeadlines(FrozenModel):
    """Seconds after which a call that is no generation is stopped; no request header moves them."""

    lookup_s: float = Field(default=30.0, gt=0, description="Listing, looking up, deleting.")
    validation_s: float = Field(default=120.0, gt=0, description="Judging or anonymizing an image.")
    profile_s: float = Field(default=900.0, gt=0, description="Making or comparing a profile.")
    export_s: float = Field(default=3600.0, gt=0, description="An export.")
    dataset_base_s: float = Field(default=120.0, gt=0, description="Judging a dataset, any size.")
    dataset_s_per_image: float = Field(
        default=10.0, ge=0, description="Added for each image of the dataset."
    )


class DatasetValidationLimits(FrozenModel):
    """How `POST /validate/dataset` spreads its work."""

    max_images: int = Field(default=2000, ge=1, description="Largest dataset judged in one call.")
    in_flight: int = Field(default=4, ge=1, description="Images judged at once.")
    overload_retries: int = Field(
        default=5, ge=0, description="Waits for a busy validator before an image counts as failed."
    )
    max_failures_listed: int = Field(default=100, ge=0, description="Failures named in the answer.")


class DownloadLimits(FrozenModel):
    """Downloads of images and exports."""

    max_per_key: int = Field(
        default=8, ge=1, description="Downloads of one key at once, in one ingress replica."
    )
    max_total: int = Field(
        default=128, ge=1, description="Downloads of all keys at once, in one ingress replica."
    )
    presigned_s: int = Field(
        default=300, ge=1, le=604_800, description="Seconds that a presigned URL is good for."
    )
    ticket_s: int = Field(
        default=900,
        ge=1,
        le=86_400,
        description="Seconds that a ticket of `POST /exports/ticket` is good for: to begin its "
        "download, and to take it up again where it was cut.",
    )


class StorageQuotas(FrozenModel):
    """How much may be stored; a key's own quota (keys file) goes before."""

    max_bytes_per_key: int | None = Field(
        default=None,
        ge=0,
        description="Most bytes that a key, or all keys of a space, may have stored; null: any.",
    )


class DurableJobs(FrozenModel):
    """Requests that outlive their connection, and answers kept for their `Idempotency-Key`."""

    store: Literal["memory", "sqlite", "redis"] = Field(
        default="sqlite",
        description="Where they are kept. sqlite: a file in the state folder, for ingress "
        "replicas of one machine; redis: for a cluster; memory: gone with the process.",
    )
    max_running: int = Field(
        default=8, ge=1, description="Jobs that an ingress replica runs at once."
    )
    max_unfinished_per_key: int = Field(
        default=20_000, ge=1, description="Jobs of one key that have not ended; past them 503."
    )
    keep_s: float = Field(
        default=86_400.0, gt=0, description="Seconds that ended jobs and answers are kept."
    )
    lease_s: float = Field(
        default=15.0,
        ge=2,
        description="Seconds without a sign of life after which a job goes on elsewhere.",
    )
    max_tries: int = Field(
        default=10, ge=1, description="Starts of a job: past them it is given up."
    )
    max_attempts: int = Field(
        default=8,
        ge=1,
        description="Attempts in a row while the service is busy or loses replicas.",
    )
    poll_s: float = Field(
        default=0.5, gt=0, description="Seconds between looks for jobs of other replicas."
    )
    report_every_s: float = Field(
        default=0.25, ge=0.01, description="Least time between two events of progress, s."
    )
    heartbeat_s: float = Field(
        default=15.0, gt=0, description="Seconds of silence before an event stream says a word."
    )
    max_streams_per_key: int = Field(
        default=32, ge=1, description="Event streams of one key at once, in one ingress replica."
    )


class ApiConfig(FrozenModel):
    """Everything that `serve_app.app.create_app` decides by."""

    data_root: str = Field(
        default="/data", description="Data root as the wire shows it: a folder or s3://bucket/x."
    )
    default_model_id: str = Field(
        default="runwayml/stable-diffusion-v1-5", description="model_id when left out."
    )
    model_defaults: dict[str, ModelDefaults] = Field(
        default={}, description="By model id; the service fills it in from its models' entries."
    )
    model_loras: dict[str, tuple[str, ...]] = Field(
        default={}, description="Adapters by model id; filled in as the defaults are."
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
    ingress_replicas: int = Field(default=1, ge=1, description="Most ingress replicas that run.")
    rate_limiter: Literal["memory", "actor", "redis"] = Field(
        default="memory",
        description="Where hits are counted and tickets kept; memory is for one ingress replica.",
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
                raise ValueError(f"{origin!r} is no origin: scheme://host or scheme://host:port")
        return origins

    @model_validator(mode="after")
    def _one_counter_for_all_replicas(self) -> Self:
        if self.rate_limiter == "memory" and self.ingress_replicas > 1:
            raise ValueError("rate_limiter 'memory' counts in one replica: use 'actor' or 'redis'")
        if self.durable.store == "memory" and self.ingress_replicas > 1:
            raise ValueError("durable.store 'memory' is one replica's: use 'sqlite' or 'redis'")
        return self
