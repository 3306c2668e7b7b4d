"""Files above the part size: whole in the bucket, or not there and told, and no part is left."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from botocore.awsrequest import AWSResponse
from PIL import Image

from engines.datasets.export_config import ExportConfig, S3ExportConfig
from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.store.store import DatasetStore
from engines.protocols import Storage
from engines.storage.s3.client import S3Client
from engines.types import S3ExportRequest
from tests.engines.datasets.s3.s3_server import ClientFactory, Refuse, answer
from tests.moto_s3 import EVERY_BUCKET

MakeS3Request = Callable[..., S3ExportRequest]
PART_BYTES = 5 * 2**20
BIG = "datasets/nature/v1/images/zoo/big.bmp"


@pytest.fixture
def folder(pets: str, storage: Storage) -> str:
    """A user's folder of three small images and one of 6.75 MB, which takes two parts."""
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "BMP")
    storage.put_new(f"{pets}/zoo/big.bmp", buffer.getvalue())
    return pets


@pytest.fixture
def exporter(factory: ClientFactory, storage: Storage, store: DatasetStore) -> S3Exporter:
    config = ExportConfig(s3=S3ExportConfig(multipart_bytes=PART_BYTES))
    return S3Exporter(factory, storage, store, config, buckets=EVERY_BUCKET)


def is_there(s3: S3Client, bucket: str) -> bool:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return BIG in {found["Key"] for page in pages for found in page.get("Contents", ())}


def test_a_part_that_fails_once_is_sent_again(
    exporter: S3Exporter,
    factory: ClientFactory,
    folder: str,
    s3: S3Client,
    bucket: str,
    make_s3_request: MakeS3Request,
) -> None:
    once = Refuse("partNumber=2", 500, "InternalError", 1)
    factory.register("before-send.s3", once)
    report = exporter.export(make_s3_request(dataset_key=folder))
    assert once.left == 0
    assert (report.status, report.uploaded_count) == ("success", 4)
    assert is_there(s3, bucket)


def completion_fails(request: Any, **_: Any) -> AWSResponse | None:
    if request.method == "POST" and "uploadId=" in request.url:
        return answer(500, "InternalError")
    return None


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Refuse("partNumber=2", 503, "SlowDown"), "SlowDown"),
        (Refuse("partNumber=", 403, "AccessDenied"), "AccessDenied"),
        (completion_fails, "InternalError"),
    ],
    ids=["a part", "every part", "the completion"],
)
def test_a_lasting_fault_fails_the_file_and_leaves_no_part(
    exporter: S3Exporter,
    factory: ClientFactory,
    folder: str,
    s3: S3Client,
    bucket: str,
    make_s3_request: MakeS3Request,
    fault: Callable[..., AWSResponse | None],
    code: str,
) -> None:
    factory.register("before-send.s3", fault)
    report = exporter.export(make_s3_request(dataset_key=folder))
    assert (report.status, report.uploaded_count, report.failed_count) == ("partial", 3, 1)
    (failure,) = report.failures
    assert (failure.key, failure.reason) == (f"{folder}/zoo/big.bmp", code)
    assert not is_there(s3, bucket)
    factory.hooks.clear()
    again = exporter.export(make_s3_request(dataset_key=folder))
    assert (again.status, again.uploaded_count, again.skipped_count) == ("success", 4, 3)
    assert is_there(s3, bucket)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_what_is_replaced_meanwhile_arrives_as_one_version(
    exporter: S3Exporter,
    factory: ClientFactory,
    folder: str,
    storage: Storage,
    s3: S3Client,
    bucket: str,
    make_s3_request: MakeS3Request,
) -> None:
    before = storage.read(f"{folder}/zoo/big.bmp")

    def replace(**_: object) -> None:
        storage.replace(f"{folder}/zoo/big.bmp", bytes(len(before)))

    factory.register("before-call.s3.UploadPart", replace)
    report = exporter.export(make_s3_request(dataset_key=folder))
    assert report.status == "success"
    assert s3.get_object(Bucket=bucket, Key=BIG)["Body"].read() == before
