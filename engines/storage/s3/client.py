"""Making boto3 clients: time limits and retries are said, credentials come from AWS's own chain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import boto3
from botocore.config import Config
from pydantic import Field

from engines.types.frozen import FrozenModel


class S3ClientConfig(FrozenModel):
    """How we talk to an S3 server. Never holds credentials."""

    endpoint_url: str | None = Field(default=None, description="Server, None for AWS itself.")
    region_name: str | None = Field(default=None, description="Region, None: AWS's own chain.")
    connect_timeout_s: float = Field(default=5.0, gt=0, description="To connect, seconds.")
    read_timeout_s: float = Field(default=60.0, gt=0, description="Between two bytes, seconds.")
    max_attempts: int = Field(default=5, ge=1, description="Tries of one call, the first included.")
    retry_mode: Literal["standard", "adaptive"] = Field(
        default="standard", description="botocore's retry mode: back-off with jitter."
    )
    max_connections: int = Field(default=16, ge=1, description="Pooled connections.")
    addressing_style: Literal["auto", "path", "virtual"] = Field(
        default="auto", description="Bucket in the path or in the host name."
    )


S3Client = Any
"""A boto3 client of "s3"; boto3 makes its classes at run time, so there is no type to name."""

S3ClientFactory = Callable[[int], S3Client]
"""Makes a client with so many pooled connections; injected, so that tests can add faults."""


def make_s3_client(config: S3ClientConfig) -> S3Client:
    """A client that threads may share."""
    return boto3.client(
        "s3",
        endpoint_url=config.endpoint_url,
        region_name=config.region_name,
        config=Config(
            connect_timeout=config.connect_timeout_s,
            read_timeout=config.read_timeout_s,
            retries={"mode": config.retry_mode, "total_max_attempts": config.max_attempts},
            max_pool_connections=config.max_connections,
            s3={"addressing_style": config.addressing_style},
        ),
    )
