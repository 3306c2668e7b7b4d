"""An exporter that was stopped for longer than its lease publishes nothing when it goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.writers.lock import ExportLock
from engines.errors import Conflict
from engines.protocols import Storage
from engines.storage.s3.client import S3Client
from engines.types import ExportProgress, S3ExportRequest
from tests.engines.datasets.s3.s3_server import ClientFactory
from tests.engines.datasets.s3.test_s3_export import PREFIX, listed

MakeS3Request = Callable[..., S3ExportRequest]
LONG = timedelta(hours=1)


def test_who_has_lost_the_lock_writes_no_manifest(
    s3_exporter: S3Exporter,
    storage: Storage,
    clock: Any,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    other = ExportLock(storage, f"s3://{bucket}/datasets/nature/v1", clock, 300.0)

    def taken_over_at_the_end(progress: ExportProgress) -> None:
        if progress.done == progress.total:
            clock.now += LONG
            other.acquire()

    with pytest.raises(Conflict, match="has taken over"):
        s3_exporter.export(make_s3_request(), taken_over_at_the_end)
    found = listed(s3, bucket)
    assert f"{PREFIX}manifest.json" not in found
    assert f"{PREFIX}README.md" not in found
    other.renew(force=True)  # its lock was left to it


@pytest.mark.parametrize("written", ["metadata.jsonl", "README.md", "croissant.json"])
def test_the_manifest_asks_once_more(
    s3_exporter: S3Exporter,
    factory: ClientFactory,
    storage: Storage,
    clock: Any,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
    written: str,
) -> None:
    """The process is stopped while it writes one of the files before the manifest."""
    other = ExportLock(storage, f"s3://{bucket}/datasets/nature/v1", clock, 300.0)

    def stopped(request: Any, **_: Any) -> None:
        if request.method == "PUT" and request.url.endswith(written):
            clock.now += LONG
            other.acquire()

    factory.register("before-send.s3", stopped)
    with pytest.raises(Conflict, match="has taken over"):
        s3_exporter.export(make_s3_request())
    assert f"{PREFIX}manifest.json" not in listed(s3, bucket)


def test_an_old_lease_that_nobody_took_is_still_ours(
    s3_exporter: S3Exporter, clock: Any, nature: list[str], make_s3_request: MakeS3Request
) -> None:
    def slow(progress: ExportProgress) -> None:
        clock.now += LONG

    assert s3_exporter.export(make_s3_request(), slow).status == "success"
