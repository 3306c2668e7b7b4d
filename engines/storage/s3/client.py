"""Make boto3 clients with explicit timeouts and retries; credentials come from AWS's own chain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import boto3
from botocore.config import Config
from pydantic import Field

from engines.types.frozen import FrozenModel


class S3ClientConfig(FrozenModel):
    """Connection settings for an S3 server, without credentials."""

    endpoint_url: str | None = Field(default=None, description="URL of the server; None: AWS.")
    region_name: str | None = Field(default=None, description="Region; None: as AWS's chain says.")
    connect_timeout_s: float = Field(default=5.0, gt=0, description="Connect timeout, seconds.")
    read_timeout_s: float = Field(
        default=60.0, gt=0, description="Longest wait for further bytes, seconds."
    )
    max_attempts: int = Field(default=5, ge=1, description="Attempts per call, with the first.")
    retry_mode: Literal["standard", "adaptive"] = Field(
        default="standard", description="botocore's retry mode."
    )
    max_connections: int = Field(default=16, ge=1, description="Size of the connection pool.")
    addressing_style: Literal["auto", "path", "virtual"] = Field(
        default="auto", description="Whether URLs have the bucket in the path or the host name."
    )


S3Client = Any
"""A boto3 client of "s3". boto3 creates its classes at run time, so there is no static type."""

S3ClientFactory = Callable[[int], S3Client]
"""Makes a client with the given number of pooled connections; a parameter, so that tests can
simulate faults."""


def make_s3_client(config: S3ClientConfig) -> S3Client:
    """A boto3 client that threads may share."""
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
