"""A quicker way for the many small uploads: obstore, in Rust, outside Python's lock.

It carries what is ordinary. Whatever it does not take (a refusal, a fault that outlasts its own
retries, a wrong checksum) goes by boto3 again, whose answer counts: so retries, failures and their
reasons are the same with it and without.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import boto3

if TYPE_CHECKING:
    from obstore.store import S3CredentialProvider

    from engines.storage.s3.client import S3ClientConfig

logger = logging.getLogger(__name__)

MAX_FAILURES_IN_A_ROW = 4
"""After so many it is the lane that does not fit (proxy, certificates, region), not the object."""
_MAX_RETRIES = 2


class FastLane(Protocol):
    """Puts whole objects into one bucket; safe to share between threads."""

    def put(
        self, key: str, content: bytes, content_type: str, metadata: Mapping[str, str]
    ) -> str | None:
        """Etag of the object as it was written, None if it was not taken. Never raises for what
        S3 or the network does."""


FastLaneFactory = Callable[[str], FastLane | None]
"""Makes the lane into the bucket of that name; None where there is none."""


class ObstoreLane:
    """A lane that closes for good after `MAX_FAILURES_IN_A_ROW`.

    The payload's SHA-256 is part of the signature, so a server refuses content that was damaged
    on the way, also over plain HTTP. `credentials` is called again whenever those it gave expire.
    """

    def __init__(
        self, config: S3ClientConfig, bucket: str, credentials: S3CredentialProvider
    ) -> None:
        from obstore.store import S3Store

        self._store = S3Store(
            bucket,
            endpoint=config.endpoint_url,
            region=config.region_name or boto3.Session().region_name or "us-east-1",
            virtual_hosted_style_request=_virtual_hosted(config),
            credential_provider=credentials,
            client_options={
                "allow_http": True,
                "connect_timeout": timedelta(seconds=config.connect_timeout_s),
                "timeout": timedelta(seconds=config.read_timeout_s),
            },
            retry_config={
                "max_retries": min(_MAX_RETRIES, config.max_attempts - 1),
                "retry_timeout": timedelta(seconds=config.read_timeout_s),
            },
        )
        self._failures_in_a_row = 0
        self._lock = threading.Lock()

    def put(
        self, key: str, content: bytes, content_type: str, metadata: Mapping[str, str]
    ) -> str | None:
        import obstore
        from obstore.exceptions import BaseError

        if self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
            return None
        attributes = {"Content-Type": content_type, **metadata}
        try:
            done = obstore.put(
                self._store, key, content, attributes=attributes, use_multipart=False
            )
        except (BaseError, ValueError, OSError) as error:
            self._failed(type(error).__name__)
            return None
        with self._lock:
            self._failures_in_a_row = 0
        return str(done["e_tag"]).strip('"')

    def _failed(self, reason: str) -> None:
        with self._lock:
            self._failures_in_a_row += 1
            closed = self._failures_in_a_row == MAX_FAILURES_IN_A_ROW
        if closed:  # the error's own text names URLs: it stays out of the log
            logger.warning("obstore does not get through, boto3 goes on", extra={"error": reason})


def obstore_lane(config: S3ClientConfig, bucket: str) -> FastLane | None:
    """With the standard AWS chain's credentials; None if it finds none (boto3 will say so)."""
    from obstore.auth.boto3 import Boto3CredentialProvider

    try:
        return ObstoreLane(config, bucket, Boto3CredentialProvider())
    except ValueError:
        return None


def _virtual_hosted(config: S3ClientConfig) -> bool:
    if config.addressing_style == "auto":
        return config.endpoint_url is None
    return config.addressing_style == "virtual"
