"""The environment, read in one place: the ingress replica, the builder and the launcher."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engines.errors import InvalidParameters
from engines.types import AllowedBuckets


class Settings(BaseSettings):
    """`INFERLOOP_*`. Secrets live here and never in the application's args, which Ray shows."""

    model_config = SettingsConfigDict(env_prefix="INFERLOOP_", frozen=True, extra="ignore")

    api_keys: str = Field(default="", description="API keys, comma-separated.")
    api_keys_file: Path | None = Field(
        default=None,
        description="Keys file (docs/security.md): YAML with names, scopes and spaces, or one "
        "key a line. Read again when it changes.",
    )
    data_root: str = Field(
        default="./data", description="Folder, or s3://bucket/prefix, that holds every image."
    )
    models_root: Path = Field(
        default=Path("models"), description="Folder that relative model paths start from."
    )
    state_dir: Path | None = Field(
        default=None, description="Where the local start keeps the key it made."
    )
    host: str = Field(default="127.0.0.1", description="Address the local start listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port of the HTTP proxy.")
    s3_endpoint_url: str | None = Field(default=None, description="S3 server other than AWS.")
    s3_export_buckets: str = Field(
        default="",
        description="Buckets that POST /export/s3 may write: names with commas between, or * for "
        "every one; none if empty. Never the data root's own.",
    )
    s3_source_buckets: str = Field(
        default="",
        description="Buckets that POST /profiles may read by source_url; as s3_export_buckets.",
    )
    redis_url: str | None = Field(default=None, description="Redis for the rate limits.")
    rate_limit_generate: str | None = Field(default=None, description='For example "10/minute".')
    rate_limit_validate: str | None = Field(default=None, description='For example "20/minute".')
    rate_limit_export: str | None = Field(default=None, description='For example "5/minute".')

    @model_validator(mode="after")
    def _lists_hold_bucket_names(self) -> Self:
        try:
            self.export_buckets(), self.source_buckets()
        except InvalidParameters as error:
            raise ValueError(error.message) from None
        return self

    def listed_keys(self) -> tuple[str, ...]:
        """The keys of the list, in order, without blanks; those of the file stay in it."""
        return tuple(key.strip() for key in self.api_keys.split(",") if key.strip())

    def has_keys(self) -> bool:
        """Whether keys are given at all; the local start makes one otherwise."""
        return bool(self.listed_keys()) or self.api_keys_file is not None

    def on_loopback(self) -> bool:
        """Whether only this machine reaches the service."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:  # a name: who knows where it leads
            return False

    def export_buckets(self) -> AllowedBuckets:
        """Where exports may go."""
        return self._buckets("INFERLOOP_S3_EXPORT_BUCKETS", self.s3_export_buckets)

    def source_buckets(self) -> AllowedBuckets:
        """Which buckets profiles may be made of."""
        return self._buckets("INFERLOOP_S3_SOURCE_BUCKETS", self.s3_source_buckets)

    def _buckets(self, setting: str, listed: str) -> AllowedBuckets:
        return AllowedBuckets.of(setting, listed, self.absolute_data_root())

    def absolute_data_root(self) -> str:
        """The data root as Ray's processes must see it: their working directory is not ours."""
        if self.data_root.startswith("s3://"):
            return self.data_root.rstrip("/")
        return str(Path(self.data_root).expanduser().absolute())
