"""Reads the environment variables of the service, for the ingress, the builder and the launcher."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engines.errors import InvalidParameters
from engines.types import AllowedBuckets
from local_ray.state import state_dir


def wrong_settings(error: ValidationError) -> str:
    """A text with one line for each wrong environment variable. It does not contain their values,
    because they may be secrets."""
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        name = "_".join(map(str, fault["loc"])).upper()
        prefix = EdgeSettings if error.title == EdgeSettings.__name__ else Settings
        where = f"{prefix.model_config['env_prefix']}{name}: " if name else ""
        lines.append(where + fault["msg"].removeprefix("Value error, "))
    return "\n".join(lines)


class Settings(BaseSettings):
    """The variables `INFERLOOP_*`.

    Secrets are set here, not in the application's args, because Ray's dashboard shows the args.
    """

    model_config = SettingsConfigDict(env_prefix="INFERLOOP_", frozen=True, extra="ignore")

    api_keys: str = Field(default="", description="API keys, comma-separated.")
    api_keys_file: Path | None = Field(
        default=None,
        description="File of API keys (docs/security.md): YAML with names, scopes and spaces, or "
        "one key per line. It is read again when it changes.",
    )
    data_root: str = Field(
        default="./data", description="Folder, or s3://bucket/prefix, where all images are stored."
    )
    data_root_id: str | None = Field(
        default=None,
        description="Required content of `.inferloop/root_id` in the data root, so that a wrong "
        "folder is noticed. The local start sets it. None: the content that a replica finds first.",
    )
    models_root: Path = Field(
        default=Path("models"), description="Folder that relative model paths start from."
    )
    log_dir: Path | None = Field(
        default=None,
        description="Folder of the access log and the audit log. The local start sets it. Without "
        "it, both logs go only to the standard output of the ingress replicas.",
    )
    state_dir: Path | None = Field(
        default=None,
        description="Folder for state that is kept between runs, besides the data: jobs, the API "
        "key that the local start made, Ray's token, logs. None: the state folder of the XDG "
        "specification.",
    )
    host: str = Field(default="127.0.0.1", description="Address the local start listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port of the HTTP proxy.")
    s3_endpoint_url: str | None = Field(default=None, description="S3 server other than AWS.")
    s3_export_buckets: str = Field(
        default="",
        description="Buckets that POST /export/s3 may write to: names separated by commas, or * "
        "for all. Empty: none. The bucket of the data root is never allowed.",
    )
    s3_source_buckets: str = Field(
        default="",
        description="Buckets that POST /profiles may read by source_url, in the form of "
        "s3_export_buckets.",
    )
    redis_url: str | None = Field(
        default=None, description="Redis or Valkey for rate limits, tickets and jobs."
    )
    webhook_secret: str = Field(
        default="",
        description="Key from which the secrets of webhooks are derived: at least 24 characters, "
        "the same on every ingress replica. Several keys are separated by commas, the newest "
        "first; each message is signed with all of them.",
    )
    rate_limit_generate: str | None = Field(default=None, description='For example "10/minute".')
    rate_limit_validate: str | None = Field(default=None, description='For example "20/minute".')
    rate_limit_export: str | None = Field(default=None, description='For example "5/minute".')
    rate_limit_upload: str | None = Field(default=None, description='For example "120/minute".')
    rate_limit_read: str | None = Field(default=None, description='For example "3000/minute".')

    @model_validator(mode="after")
    def _lists_hold_bucket_names(self) -> Self:
        try:
            self.export_buckets(), self.source_buckets()
        except InvalidParameters as error:
            raise ValueError(error.message) from None
        return self

    def listed_keys(self) -> tuple[str, ...]:
        """The keys in `api_keys`, in order, without surrounding spaces. Keys of the keys file are
        not included."""
        return tuple(key.strip() for key in self.api_keys.split(",") if key.strip())

    def has_keys(self) -> bool:
        """Whether any keys are given. If not, a local start makes one."""
        return bool(self.listed_keys()) or self.api_keys_file is not None

    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:  # A name can lead to any address.
            return False

    def state_folder(self) -> Path:
        """Absolute path. The folder may not exist yet."""
        return (
            state_dir(os.environ)
            if self.state_dir is None
            else self.state_dir.expanduser().absolute()
        )

    def export_buckets(self) -> AllowedBuckets:
        """The buckets that exports may be written to."""
        return self._buckets("INFERLOOP_S3_EXPORT_BUCKETS", self.s3_export_buckets)

    def source_buckets(self) -> AllowedBuckets:
        """The buckets that profiles may be made from."""
        return self._buckets("INFERLOOP_S3_SOURCE_BUCKETS", self.s3_source_buckets)

    def _buckets(self, setting: str, listed: str) -> AllowedBuckets:
        return AllowedBuckets.of(setting, listed, self.absolute_data_root())

    def absolute_data_root(self) -> str:
        """The data root as an absolute path, because Ray's processes have another working
        directory."""
        if self.data_root.startswith("s3://"):
            return self.data_root.rstrip("/")
        return str(Path(self.data_root).expanduser().absolute())


class EdgeSettings(BaseSettings):
    """The variables `INFERLOOP_EDGE_*`: limits of the HTTP server.

    They are environment variables because Ray Serve starts that process without the application's
    config.
    """

    model_config = SettingsConfigDict(env_prefix="INFERLOOP_EDGE_", frozen=True, extra="ignore")

    head_deadline_s: float = Field(
        default=10.0,
        gt=0,
        description="Deadline of a request's head, seconds from the connection or its first byte.",
    )
    max_head_bytes: int = Field(default=65_536, ge=1024, description="Largest request head.")
    body_deadline_s: float = Field(
        default=20.0, gt=0, description="Fixed part of the deadline of a request's body, seconds."
    )
    min_body_bytes_per_s: float = Field(
        default=16_384.0,
        gt=0,
        description="For each received part of this size, the deadline of the body grows by 1 s.",
    )
    stall_s: float = Field(
        default=30.0,
        gt=0,
        description="Seconds between two checks of a client that reads its answer slowly.",
    )
    min_taken_bytes: int = Field(
        default=16_384,
        ge=1,
        description="A client that read fewer bytes since the last check is disconnected.",
    )
    socket_messages_per_s: float = Field(
        default=50.0,
        gt=0,
        description="Messages per second that a client may send over a WebSocket; each 16 KiB of a "
        "message count as one more. The server reads from faster clients more slowly.",
    )
    max_socket_message_bytes: int = Field(
        default=262_144,
        ge=1024,
        description="A larger WebSocket message closes the connection while it arrives. Should not "
        "be below `sockets.max_message_bytes` of the config, above which an error is sent.",
    )
    max_connections: int = Field(default=1024, ge=1, description="Most open connections in total.")
    max_connections_per_address: int = Field(
        default=256,
        ge=0,
        description="Most open connections of one address. 0: no limit, for a gateway or HAProxy "
        "in front, whose address all connections have.",
    )
