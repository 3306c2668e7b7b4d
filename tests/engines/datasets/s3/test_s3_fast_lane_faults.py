"""Uploads by obstore that fail: retried, sent by boto3 instead, and never lost."""

from __future__ import annotations

import logging

import orjson
import pytest

from engines.datasets.export_config import S3ExportConfig
from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.s3.fast_lane import MAX_FAILURES_IN_A_ROW
from engines.storage.s3.client import S3Client
from engines.types import S3ExportRequest
from tests.engines.datasets.s3.s3_server import (
    ANYBODY,
    BOTO3,
    OBSTORE,
    ClientFactory,
    CuttingProxy,
    Fault,
    FaultyS3,
    check_bucket,
    objects,
)
from tests.engines.datasets.s3.test_s3_fast_lane import CARDS, IMAGES, SIDECARS


def test_passing_faults_are_retried_by_obstore_itself(
    fast_exporter: S3Exporter,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    fast_request: S3ExportRequest,
) -> None:
    slow = Fault("image_0003.png", 503, "SlowDown", OBSTORE, times=1)
    broken = Fault("image_0007.json", 500, "InternalError", OBSTORE, times=2)
    server.faults += [slow, broken]
    report = fast_exporter.export(fast_request)
    assert report.status == "success"
    assert server.puts[BOTO3] == 1
    assert server.puts[OBSTORE] == IMAGES + SIDECARS + CARDS - 1 + 3
    check_bucket(report, s3, bucket)


@pytest.mark.parametrize(
    ("status", "code"), [(500, "InternalError"), (403, "AccessDenied"), (400, "BadDigest")]
)
def test_where_obstore_does_not_get_through_boto3_does_and_the_lane_closes(
    fast_exporter: S3Exporter,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    fast_request: S3ExportRequest,
    caplog: pytest.LogCaptureFixture,
    status: int,
    code: str,
) -> None:
    server.faults.append(Fault("", status, code, OBSTORE))
    report = fast_exporter.export(fast_request)
    assert (report.status, report.uploaded_count, report.failed_count) == ("success", IMAGES, 0)
    assert server.puts[BOTO3] == IMAGES + SIDECARS + CARDS
    workers = S3ExportConfig().workers  # may have been under way when the lane closed
    assert server.puts[OBSTORE] <= 3 * (MAX_FAILURES_IN_A_ROW + workers)
    check_bucket(report, s3, bucket)
    said = [record for record in caplog.records if "obstore" in record.getMessage()]
    assert len(said) == 1
    assert "http" not in repr(said[0].__dict__["error"])


@pytest.mark.parametrize(
    ("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (403, "AccessDenied")]
)
def test_lasting_faults_of_some_files_have_boto3s_reasons_and_a_rerun_completes(
    fast_exporter: S3Exporter,
    fast_factory: ClientFactory,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    fast_request: S3ExportRequest,
    status: int,
    code: str,
) -> None:
    fast_factory.max_attempts = 1
    server.faults += [
        Fault("image_0003.png", status, code, ANYBODY),
        Fault("image_0005.png.quality.json", status, code, ANYBODY),
    ]
    report = fast_exporter.export(fast_request)
    assert (report.status, report.uploaded_count, report.failed_count) == ("partial", 8, 2)
    assert {(f.key, f.reason) for f in report.failures} == {(nature[3], code), (nature[5], code)}
    check_bucket(report, s3, bucket)
    server.faults.clear()
    again = fast_exporter.export(fast_request)
    assert (again.status, again.uploaded_count, again.skipped_count) == ("success", IMAGES, 8)
    check_bucket(again, s3, bucket)


def test_a_wrong_checksum_goes_by_boto3_again_and_a_lasting_one_fails_the_file(
    fast_exporter: S3Exporter,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    fast_request: S3ExportRequest,
) -> None:
    server.faults += [
        Fault("image_0002.png", client=OBSTORE, times=1, etag="0" * 32),
        Fault("image_0004.png", etag="0" * 32),
    ]
    report = fast_exporter.export(fast_request)
    assert (report.status, report.failed_count) == ("partial", 1)
    assert report.failures[0].key == nature[4]
    assert "checksum" in report.failures[0].reason
    assert server.puts[BOTO3] == 1 + 1 + S3ExportConfig().checksum_attempts
    manifest = orjson.loads(objects(s3, bucket)["v1/manifest.json"])
    assert "images/image_0004.png" not in {entry["key"] for entry in manifest["files"]}


def test_cut_connections_lose_nothing(
    fast_exporter: S3Exporter,
    fast_factory: ClientFactory,
    s3: S3Client,
    server: FaultyS3,
    bucket: str,
    nature: list[str],
    fast_request: S3ExportRequest,
) -> None:
    proxy = CuttingProxy(("127.0.0.1", server.port), every=2, after=6_000)
    direct, fast_factory.endpoint_url = (
        fast_factory.endpoint_url,
        f"http://127.0.0.1:{proxy.address[1]}",
    )
    fast_factory.max_attempts = 3
    report = fast_exporter.export(fast_request)
    proxy.close()
    assert proxy.cuts > 0
    assert report.uploaded_count + report.failed_count >= IMAGES
    fast_factory.endpoint_url = direct
    assert fast_exporter.export(fast_request).status == "success"
    check_bucket(fast_exporter.export(fast_request), s3, bucket)


def test_no_credential_is_logged(
    fast_exporter: S3Exporter,
    server: FaultyS3,
    nature: list[str],
    fast_request: S3ExportRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "engines")
    server.faults.append(Fault("", 403, "AccessDenied", OBSTORE))
    report = fast_exporter.export(fast_request)
    said = " ".join([*(repr(record.__dict__) for record in caplog.records), repr(report)])
    for secret in ("very-secret", "AKIDEXAMPLE", "bob"):
        assert secret not in said
