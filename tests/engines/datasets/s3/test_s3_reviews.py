"""What people said goes into a bucket as in every export: without who they are."""

from __future__ import annotations

from collections.abc import Callable

from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.sidecars.reviews import review_images
from engines.datasets.store.store import DatasetStore
from engines.storage.s3.client import S3Client
from engines.types import S3ExportRequest
from engines.types.datasets.looking import ReviewChange


def test_who_reviewed_stays_in_the_house(
    s3_exporter: S3Exporter,
    store: DatasetStore,
    nature: list[str],
    s3: S3Client,
    bucket: str,
    make_s3_request: Callable[..., S3ExportRequest],
) -> None:
    review_images(store, nature[:1], ReviewChange(4, ("keep",), decision="accepted"), "mara")
    assert s3_exporter.export(make_s3_request()).status == "success"
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    whole = b"".join(s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys)
    assert b"mara" not in whole
    assert b"keep" in whole
