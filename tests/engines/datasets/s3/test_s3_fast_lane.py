"""Uploads by obstore: it carries what is ordinary, and nobody can tell the difference."""

from __future__ import annotations

import hashlib
import logging
import uuid

import orjson
import pytest

from engines.datasets.export_config import ExportConfig, S3ExportConfig
from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.s3.fast_lane import MAX_FAILURES_IN_A_ROW, obstore_lane
from engines.datasets.store import DatasetStore
from engines.protocols import Storage
from engines.storage.s3.client import S3Client, S3ClientConfig
from engines.types import S3ExportRequest
from tests.engines.datasets.conftest import NATURE, encoded
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
from tests.moto_s3 import EVERY_BUCKET

IMAGES, SIDECARS, PAPERS = 10, 22, 4
"""Of the ten images: 10 recipes and 12 verdicts. Papers: metadata, two cards, manifest."""


@pytest.fixture
def factory(server: FaultyS3) -> ClientFactory:
    return ClientFactory(f"http://127.0.0.1:{server.port}")


@pytest.fixture
def exporter(
    factory: ClientFactory,
    storage: Storage,
    store: DatasetStore,
    s3_config: ExportConfig,
) -> S3Exporter:
    return S3Exporter(
        factory, storage, store, s3_config, buckets=EVERY_BUCKET, fast_lane=factory.lane
    )


@pytest.fixture
def request_(bucket: str, server: FaultyS3) -> S3ExportRequest:
    server.puts.clear()  # making the bucket was one
    return S3ExportRequest(NATURE, bucket, "v1")


def test_all_but_the_first_goes_by_obstore_and_looks_the_same(
    exporter: S3Exporter,
    factory: ClientFactory,
    storage: Storage,
    store: DatasetStore,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    request_: S3ExportRequest,
) -> None:
    report = exporter.export(request_)
    assert (report.status, report.uploaded_count) == ("success", IMAGES)
    assert server.puts == {BOTO3: 1, OBSTORE: IMAGES + SIDECARS + PAPERS - 1}
    check_bucket(report, s3, bucket)
    other = f"other-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=other)
    by_boto3_alone = S3Exporter(factory, storage, store, ExportConfig(), buckets=EVERY_BUCKET)
    by_boto3_alone.export(S3ExportRequest(NATURE, other, "v1"))
    for name in ("images/image_0003.png", "images/image_0003.png.quality.json", "README.md"):
        by_obstore = s3.head_object(Bucket=bucket, Key=f"v1/{name}")
        by_boto3 = s3.head_object(Bucket=other, Key=f"v1/{name}")
        assert by_obstore["ContentType"] == by_boto3["ContentType"]
        assert by_obstore["Metadata"].keys() == by_boto3["Metadata"].keys()
    image = s3.head_object(Bucket=bucket, Key="v1/images/image_0003.png")
    assert image["Metadata"]["sha256"] == hashlib.sha256(storage.read(nature[3])).hexdigest()


def test_a_second_run_sends_only_its_papers(
    exporter: S3Exporter, server: FaultyS3, nature: list[str], request_: S3ExportRequest
) -> None:
    exporter.export(request_)
    server.puts.clear()
    report = exporter.export(request_)
    assert (report.status, report.skipped_count) == ("success", IMAGES)
    assert sum(server.puts.values()) == PAPERS


def test_without_its_manifest_what_obstore_sent_is_known_by_its_metadata(
    exporter: S3Exporter,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    request_: S3ExportRequest,
) -> None:
    exporter.export(request_)
    s3.delete_object(Bucket=bucket, Key="v1/manifest.json")
    server.puts.clear()
    assert exporter.export(request_).skipped_count == IMAGES
    assert sum(server.puts.values()) == PAPERS


def test_passing_faults_are_retried_by_obstore_itself(
    exporter: S3Exporter,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    request_: S3ExportRequest,
) -> None:
    slow = Fault("image_0003.png", 503, "SlowDown", OBSTORE, times=1)
    broken = Fault("image_0007.json", 500, "InternalError", OBSTORE, times=2)
    server.faults += [slow, broken]
    report = exporter.export(request_)
    assert report.status == "success"
    assert server.puts[BOTO3] == 1
    assert server.puts[OBSTORE] == IMAGES + SIDECARS + PAPERS - 1 + 3
    check_bucket(report, s3, bucket)


@pytest.mark.parametrize(
    ("status", "code"), [(500, "InternalError"), (403, "AccessDenied"), (400, "BadDigest")]
)
def test_where_obstore_does_not_get_through_boto3_does_and_the_lane_closes(
    exporter: S3Exporter,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    request_: S3ExportRequest,
    caplog: pytest.LogCaptureFixture,
    status: int,
    code: str,
) -> None:
    server.faults.append(Fault("", status, code, OBSTORE))
    report = exporter.export(request_)
    assert (report.status, report.uploaded_count, report.failed_count) == ("success", IMAGES, 0)
    assert server.puts[BOTO3] == IMAGES + SIDECARS + PAPERS
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
    exporter: S3Exporter,
    factory: ClientFactory,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    request_: S3ExportRequest,
    status: int,
    code: str,
) -> None:
    factory.max_attempts = 1
    server.faults += [
        Fault("image_0003.png", status, code, ANYBODY),
        Fault("image_0005.png.quality.json", status, code, ANYBODY),
    ]
    report = exporter.export(request_)
    assert (report.status, report.uploaded_count, report.failed_count) == ("partial", 8, 2)
    assert {(f.key, f.reason) for f in report.failures} == {(nature[3], code), (nature[5], code)}
    check_bucket(report, s3, bucket)
    server.faults.clear()
    again = exporter.export(request_)
    assert (again.status, again.uploaded_count, again.skipped_count) == ("success", IMAGES, 8)
    check_bucket(again, s3, bucket)


def test_a_wrong_checksum_goes_by_boto3_again_and_a_lasting_one_fails_the_file(
    exporter: S3Exporter,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    request_: S3ExportRequest,
) -> None:
    server.faults += [
        Fault("image_0002.png", client=OBSTORE, times=1, etag="0" * 32),
        Fault("image_0004.png", etag="0" * 32),
    ]
    report = exporter.export(request_)
    assert (report.status, report.failed_count) == ("partial", 1)
    assert report.failures[0].key == nature[4]
    assert "checksum" in report.failures[0].reason
    assert server.puts[BOTO3] == 1 + 1 + S3ExportConfig().checksum_attempts
    manifest = orjson.loads(objects(s3, bucket)["v1/manifest.json"])
    assert "images/image_0004.png" not in {entry["key"] for entry in manifest["files"]}


def test_where_etags_are_no_checksums_boto3_carries_all(
    exporter: S3Exporter, server: FaultyS3, nature: list[str], request_: S3ExportRequest
) -> None:
    server.faults.append(Fault("", etag="0" * 32, encryption="aws:kms"))
    assert exporter.export(request_).status == "success"
    assert server.puts == {BOTO3: IMAGES + SIDECARS + PAPERS}


def test_options_are_boto3s(
    exporter: S3Exporter, server: FaultyS3, bucket: str, nature: list[str]
) -> None:
    for options in (
        {"public_read": True},
        {"storage_class": "STANDARD_IA"},
        {"server_side_encryption": "AES256"},
    ):
        server.puts.clear()
        report = exporter.export(S3ExportRequest(NATURE, bucket, "v2", **options))
        assert report.status == "success"
        assert set(server.puts) == {BOTO3}


def test_strange_names_arrive_as_they_are(
    exporter: S3Exporter, storage: Storage, server: FaultyS3, s3: S3Client, bucket: str
) -> None:
    names = ["a b.png", "ü 山.png", "per%cent%20.png", "plus+#hash.png", "q?&=.png", "~[x]{y}^.png"]
    for number, name in enumerate(["0.png", *names]):
        storage.put_new(f"uploads/odd/{name}", encoded("PNG", 20 + number, 10))
    report = exporter.export(S3ExportRequest("uploads/odd", bucket, "v1"))
    assert (report.status, report.uploaded_count) == ("success", len(names) + 1)
    there = objects(s3, bucket)
    sent = [content for key, content in there.items() if key.startswith("v1/images/")]
    for name in names:  # a name that a reader takes for a pattern is laid under another
        assert storage.read(f"uploads/odd/{name}") in sent
    assert server.puts[OBSTORE] >= len(names)


def test_cut_connections_lose_nothing(
    exporter: S3Exporter,
    factory: ClientFactory,
    s3: S3Client,
    server: FaultyS3,
    bucket: str,
    nature: list[str],
    request_: S3ExportRequest,
) -> None:
    proxy = CuttingProxy(("127.0.0.1", server.port), every=2, after=6_000)
    direct, factory.endpoint_url = factory.endpoint_url, f"http://127.0.0.1:{proxy.address[1]}"
    factory.max_attempts = 3
    report = exporter.export(request_)
    proxy.close()
    assert proxy.cuts > 0
    assert report.uploaded_count + report.failed_count >= IMAGES
    factory.endpoint_url = direct
    assert exporter.export(request_).status == "success"
    check_bucket(exporter.export(request_), s3, bucket)


def test_no_credential_is_logged(
    exporter: S3Exporter,
    server: FaultyS3,
    nature: list[str],
    request_: S3ExportRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "engines")
    server.faults.append(Fault("", 403, "AccessDenied", OBSTORE))
    report = exporter.export(request_)
    said = " ".join([*(repr(record.__dict__) for record in caplog.records), repr(report)])
    for secret in ("very-secret", "AKIDEXAMPLE", "bob"):
        assert secret not in said


def test_credentials_come_by_the_standard_chain(
    monkeypatch: pytest.MonkeyPatch,
    factory: ClientFactory,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
) -> None:
    config = S3ClientConfig(endpoint_url=factory.endpoint_url)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    assert obstore_lane(config, bucket) is None
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    lane = obstore_lane(config, bucket)
    assert lane is not None
    etag = lane.put("x/y.png", b"content", "image/png", {"sha256": "abc"})
    assert etag == hashlib.md5(b"content", usedforsecurity=False).hexdigest()
    found = s3.get_object(Bucket=bucket, Key="x/y.png")
    assert (found["Body"].read(), found["Metadata"]) == (b"content", {"sha256": "abc"})
