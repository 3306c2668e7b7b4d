"""Export to S3 on a bad day: nothing lost, counts true, and a rerun completes."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import NoCredentialsError

from engines.datasets.export_config import ExportConfig, S3ExportConfig
from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.store.store import DatasetStore
from engines.errors import Forbidden, InferloopError, InvalidParameters, NotFound, StorageFailed
from engines.protocols import Storage
from engines.storage.s3.client import S3Client
from engines.types import S3ExportReport, S3ExportRequest
from tests.engines.datasets.s3.s3_server import CuttingProxy, Refuse, answer
from tests.moto_s3 import EVERY_BUCKET

pytestmark = pytest.mark.slow

MakeS3Request = Callable[..., S3ExportRequest]
PREFIX = "datasets/nature/v1/"


def check_truth(report: S3ExportReport, s3: S3Client, bucket: str) -> None:
    """The manifest lists exactly what is there, and the counts add up."""
    body = s3.get_object(Bucket=bucket, Key=f"{PREFIX}manifest.json")["Body"].read()
    manifest = orjson.loads(body)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
    there = {o["Key"].removeprefix(PREFIX) for page in pages for o in page.get("Contents", ())}
    named = {entry["key"] for entry in manifest["files"]}
    assert named == there - {"manifest.json"}
    assert manifest["image_count"] == report.uploaded_count
    rows = s3.get_object(Bucket=bucket, Key=f"{PREFIX}metadata.jsonl")["Body"].read().splitlines()
    assert len(rows) == report.uploaded_count
    assert {orjson.loads(row)["file_name"] for row in rows} <= named


def rerun_completes(factory: Any, exporter: S3Exporter, request: S3ExportRequest) -> None:
    factory.hooks.clear()
    report = exporter.export(request)
    assert (report.status, report.uploaded_count, report.failed_count) == ("success", 10, 0)
    assert report.failures == ()


def test_throttling_and_500_are_retried(
    s3_exporter: S3Exporter,
    factory: Any,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    slow, broken = Refuse("image_0003.png", 503, "SlowDown", 1), Refuse("0007.json", 500, "X", 1)
    factory.register("before-send.s3", slow)
    factory.register("before-send.s3", broken)
    report = s3_exporter.export(make_s3_request())
    assert (slow.left, broken.left) == (0, 0)
    assert report.status == "success"
    check_truth(report, s3, bucket)


@pytest.mark.parametrize(
    ("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (403, "AccessDenied")]
)
def test_lasting_faults_of_some_files_make_it_partial(
    s3_exporter: S3Exporter,
    factory: Any,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
    status: int,
    code: str,
) -> None:
    factory.register("before-send.s3", Refuse("image_0003.png", status, code))
    factory.register("before-send.s3", Refuse("image_0005.png.quality.json", status, code))
    report = s3_exporter.export(make_s3_request())
    assert (report.status, report.uploaded_count, report.failed_count) == ("partial", 8, 2)
    assert {(f.key, f.reason) for f in report.failures} == {(nature[3], code), (nature[5], code)}
    check_truth(report, s3, bucket)
    rerun_completes(factory, s3_exporter, make_s3_request())


def test_a_wrong_checksum_is_sent_again_and_a_lasting_one_fails_the_file(
    s3_exporter: S3Exporter,
    factory: Any,
    storage: Storage,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    once = Refuse("image_0002.png", 400, "BadDigest", 1)
    lying: list[str] = []

    def lie(parsed: dict[str, Any], **_: Any) -> None:
        if parsed.get("ETag") in lying:
            parsed["ETag"] = '"00000000000000000000000000000000"'

    content = storage.read(nature[4])
    lying.append(f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"')
    factory.register("before-send.s3", once)
    factory.register("after-call.s3.PutObject", lie)
    factory.register("after-call.s3.HeadObject", lie)
    report = s3_exporter.export(make_s3_request())
    assert once.left == 0
    assert (report.status, report.failed_count) == ("partial", 1)
    assert "checksum" in report.failures[0].reason
    assert report.failures[0].key == nature[4]


def test_a_manifest_that_cannot_be_written_is_told(
    s3_exporter: S3Exporter, factory: Any, nature: list[str], make_s3_request: MakeS3Request
) -> None:
    factory.register("before-send.s3", Refuse("manifest.json", 500, "InternalError"))
    report = s3_exporter.export(make_s3_request())
    assert report.manifest_url is None
    assert (report.status, report.uploaded_count, report.failed_count) == ("partial", 10, 1)
    assert report.failures[0].key == "manifest.json"
    rerun_completes(factory, s3_exporter, make_s3_request())


@pytest.mark.parametrize(
    ("status", "code", "expected", "words"),
    [
        (403, "AccessDenied", Forbidden, "denied"),
        (403, "InvalidAccessKeyId", Forbidden, "credentials were refused"),
        (403, "SignatureDoesNotMatch", Forbidden, "credentials were refused"),
        (400, "AccessControlListNotSupported", Forbidden, "bucket policy"),
        (400, "InvalidStorageClass", InvalidParameters, "InvalidStorageClass"),
        (400, "AuthorizationHeaderMalformed", InvalidParameters, "region"),
    ],
)
def test_what_refuses_the_first_file_refuses_all(
    s3_exporter: S3Exporter,
    factory: Any,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
    status: int,
    code: str,
    expected: type[InferloopError],
    words: str,
) -> None:
    refuse = Refuse("images/", status, code)
    factory.register("before-send.s3", refuse)
    with pytest.raises(expected, match=words) as caught:
        s3_exporter.export(make_s3_request(public_read=code == "AccessDenied"))
    assert refuse.left == 10**9 - 1
    assert "bob" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_bucket_and_a_silly_name(
    s3_exporter: S3Exporter, nature: list[str], make_s3_request: MakeS3Request
) -> None:
    with pytest.raises(NotFound, match="Bucket not found: no-such-bucket"):
        s3_exporter.export(make_s3_request(bucket_name="no-such-bucket"))
    with pytest.raises(InvalidParameters):
        s3_exporter.export(make_s3_request(bucket_name="not a bucket!"))


def test_a_bucket_of_another_region(
    s3_exporter: S3Exporter, factory: Any, nature: list[str], make_s3_request: MakeS3Request
) -> None:
    def redirect(request: Any, **_: Any) -> AWSResponse:
        asks_for_region = request.method == "HEAD"
        return answer(400, "BadRequest") if asks_for_region else answer(301, "PermanentRedirect")

    factory.register("before-send.s3", redirect)
    with pytest.raises(InvalidParameters, match="another region"):
        s3_exporter.export(make_s3_request())


def test_no_credentials(
    storage: Storage, store: DatasetStore, nature: list[str], make_s3_request: MakeS3Request
) -> None:
    class NoKeys:
        def __getattr__(self, name: str) -> Any:
            raise NoCredentialsError

    with pytest.raises(Forbidden, match="credentials"):
        S3Exporter(lambda n: NoKeys(), storage, store, ExportConfig(), buckets=EVERY_BUCKET).export(
            make_s3_request()
        )


@pytest.mark.parametrize("s3_config", [ExportConfig(s3=S3ExportConfig(patience_s=0))])
def test_a_server_that_is_away(
    factory: Any, s3_exporter: S3Exporter, nature: list[str], make_s3_request: MakeS3Request
) -> None:
    request = make_s3_request()
    factory.endpoint_url, factory.max_attempts = "http://127.0.0.1:1", 1
    with pytest.raises(StorageFailed, match="EndpointConnectionError"):
        s3_exporter.export(request)


def test_a_key_that_may_only_write_uploads_everything(
    s3_exporter: S3Exporter,
    factory: Any,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    def deny_reads(request: Any, **_: Any) -> AWSResponse | None:
        return answer(403, "AccessDenied") if request.method == "GET" else None

    factory.register("before-send.s3", deny_reads)
    for _ in range(2):
        report = s3_exporter.export(make_s3_request())
        assert (report.status, report.uploaded_count, report.skipped_count) == ("success", 10, 0)


def test_a_dead_store_is_given_up_and_the_counts_stay_true(
    factory: Any,
    storage: Storage,
    store: DatasetStore,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    config = ExportConfig(s3=S3ExportConfig(max_failures_in_a_row=2, workers=1, max_in_flight=1))
    factory.max_attempts = 1
    refuse = Refuse("images/", 500, "InternalError")
    factory.register("before-send.s3", refuse)
    exporter = S3Exporter(factory, storage, store, config, buckets=EVERY_BUCKET)
    report = exporter.export(make_s3_request())
    assert (report.status, report.uploaded_count, report.failed_count) == ("failed", 0, 10)
    assert refuse.left == 10**9 - 2
    assert "not tried" in report.failures[-1].reason


def test_damaged_and_vanished_images_fail_alone(
    s3_exporter: S3Exporter,
    storage: Storage,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    content = bytearray(storage.read(nature[6]))
    content[-40] ^= 1
    storage.replace(nature[6], bytes(content))
    report = s3_exporter.export(make_s3_request())
    assert (report.status, report.uploaded_count, report.failed_count) == ("partial", 9, 1)
    assert "damaged" in report.failures[0].reason
    check_truth(report, s3, bucket)


def test_no_credential_is_logged(
    s3_exporter: S3Exporter,
    factory: Any,
    nature: list[str],
    make_s3_request: MakeS3Request,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "engines")
    factory.register("before-send.s3", Refuse("image_0003.png", 403, "AccessDenied"))
    report = s3_exporter.export(make_s3_request())
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("engines")]
    said = " ".join([*ours, repr(report)])
    assert "very-secret" not in said
    assert "AKIDEXAMPLE" not in said
    assert "bob" not in said


@pytest.fixture
def cutting(factory: Any) -> Iterator[CuttingProxy]:
    host, port = factory.endpoint_url.removeprefix("http://").split(":")
    proxy = CuttingProxy((host, int(port)), every=2, after=6_000)
    factory.endpoint_url = f"http://127.0.0.1:{proxy.address[1]}"
    yield proxy
    proxy.close()


def test_cut_connections_lose_nothing(
    factory: Any,
    s3_exporter: S3Exporter,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
    s3_endpoint_url: str,
    cutting: CuttingProxy,
) -> None:
    factory.max_attempts = 3
    report = s3_exporter.export(make_s3_request())
    assert cutting.cuts > 0
    assert report.uploaded_count + report.failed_count >= 10
    factory.endpoint_url = s3_endpoint_url
    rerun_completes(factory, s3_exporter, make_s3_request())
    check_truth(s3_exporter.export(make_s3_request()), s3, bucket)
