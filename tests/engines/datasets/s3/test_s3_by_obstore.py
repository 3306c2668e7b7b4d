"""Uploads by obstore: chosen before the first byte, and nobody can tell the difference."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest

from engines.datasets.export_config import ExportConfig, S3ExportConfig
from engines.datasets.s3.by_obstore import ObstoreSender, sender_for
from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.s3.sending import Boto3Sender, WholeObject
from engines.datasets.store.store import DatasetStore
from engines.protocols import Storage
from engines.storage.s3.client import S3Client, S3ClientConfig
from engines.types import S3ExportRequest
from tests.engines.datasets.conftest import NATURE, encoded
from tests.engines.datasets.s3.s3_server import (
    OBSTORE,
    ClientFactory,
    Fault,
    FaultyS3,
    check_bucket,
    objects,
)
from tests.moto_s3 import EVERY_BUCKET

pytestmark = pytest.mark.slow

IMAGES, SIDECARS, CARDS = 10, 22, 4
"""Of the ten images: 10 recipes and 12 verdicts. Cards: metadata, two cards, manifest."""


def test_plain_files_go_by_obstore_and_look_the_same(
    obstore_exporter: S3Exporter,
    obstore_factory: ClientFactory,
    storage: Storage,
    store: DatasetStore,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    obstore_request: S3ExportRequest,
) -> None:
    report = obstore_exporter.export(obstore_request)
    assert (report.status, report.uploaded_count) == ("success", IMAGES)
    assert server.puts == {OBSTORE: IMAGES + SIDECARS + CARDS}
    check_bucket(report, s3, bucket)
    other = f"other-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=other)
    by_boto3_alone = S3Exporter(
        obstore_factory, storage, store, ExportConfig(), buckets=EVERY_BUCKET
    )
    by_boto3_alone.export(S3ExportRequest(NATURE, other, "v1"))
    for name in ("images/image_0003.png", "images/image_0003.png.quality.json", "README.md"):
        by_obstore = s3.head_object(Bucket=bucket, Key=f"v1/{name}")
        by_boto3 = s3.head_object(Bucket=other, Key=f"v1/{name}")
        assert by_obstore["ContentType"] == by_boto3["ContentType"]
        assert by_obstore["Metadata"].keys() == by_boto3["Metadata"].keys()
    image = s3.head_object(Bucket=bucket, Key="v1/images/image_0003.png")
    assert image["Metadata"]["sha256"] == hashlib.sha256(storage.read(nature[3])).hexdigest()


def test_a_second_run_sends_only_its_cards(
    obstore_exporter: S3Exporter,
    server: FaultyS3,
    nature: list[str],
    obstore_request: S3ExportRequest,
) -> None:
    obstore_exporter.export(obstore_request)
    server.puts.clear()
    report = obstore_exporter.export(obstore_request)
    assert (report.status, report.skipped_count) == ("success", IMAGES)
    assert sum(server.puts.values()) == CARDS


def test_without_its_manifest_what_obstore_sent_is_known_by_its_metadata(
    obstore_exporter: S3Exporter,
    server: FaultyS3,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    obstore_request: S3ExportRequest,
) -> None:
    obstore_exporter.export(obstore_request)
    s3.delete_object(Bucket=bucket, Key="v1/manifest.json")
    server.puts.clear()
    assert obstore_exporter.export(obstore_request).skipped_count == IMAGES
    assert sum(server.puts.values()) == CARDS


def test_a_bucket_that_encrypts_is_asked_once_what_its_etags_are(
    obstore_exporter: S3Exporter,
    server: FaultyS3,
    nature: list[str],
    obstore_request: S3ExportRequest,
) -> None:
    server.faults.append(Fault("", etag="0" * 32, encryption="aws:kms", methods=("PUT", "HEAD")))
    assert obstore_exporter.export(obstore_request).status == "success"
    assert server.puts == {OBSTORE: IMAGES + SIDECARS + CARDS}
    heads = [said for said in server.requests if said.startswith("HEAD")]
    assert 1 <= len(heads) <= S3ExportConfig().workers  # those under way when the first was asked


@pytest.mark.parametrize(
    "options",
    [
        {"public_read": True},
        {"storage_class": "STANDARD_IA"},
        {"server_side_encryption": "AES256"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_an_object_with_options_of_its_own_needs_boto3(
    s3: S3Client, bucket: str, options: dict[str, Any]
) -> None:
    wanted = S3ExportRequest(NATURE, bucket, "v2", **options)
    assert isinstance(sender_for(S3ClientConfig(), s3, wanted), Boto3Sender)


def laid_under(name: str) -> str:
    """A name that a reader takes for a pattern (`?`, `[x]`) is laid under a hash, others as is."""
    if not set(name) & set("?[]"):
        return name
    return f"n{hashlib.sha256(name.encode()).hexdigest()[:16]}.png"


def test_strange_names_arrive_as_they_are_or_under_a_hash(
    obstore_exporter: S3Exporter, storage: Storage, server: FaultyS3, s3: S3Client, bucket: str
) -> None:
    names = ["a b.png", "ü 山.png", "per%cent%20.png", "plus+#hash.png", "q?&=.png", "~[x]{y}^.png"]
    for number, name in enumerate(["0.png", *names]):
        storage.put_new(f"uploads/odd/{name}", encoded("PNG", 20 + number, 10))
    report = obstore_exporter.export(S3ExportRequest("uploads/odd", bucket, "v1"))
    assert (report.status, report.uploaded_count) == ("success", len(names) + 1)
    there = objects(s3, bucket)
    for name in names:
        assert there[f"v1/images/{laid_under(name)}"] == storage.read(f"uploads/odd/{name}")
    assert server.puts[OBSTORE] >= len(names)


def test_credentials_come_by_the_standard_chain(
    monkeypatch: pytest.MonkeyPatch,
    obstore_factory: ClientFactory,
    s3: S3Client,
    bucket: str,
) -> None:
    config = S3ClientConfig(endpoint_url=obstore_factory.endpoint_url)
    wanted = S3ExportRequest(NATURE, bucket, "x")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    assert isinstance(sender_for(config, s3, wanted), Boto3Sender)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    sender = sender_for(config, s3, wanted)
    assert isinstance(sender, ObstoreSender)
    sent = sender.send(WholeObject("x/y.png", b"content", "image/png", {"sha256": "abc"}))
    assert sent.etag == hashlib.md5(b"content", usedforsecurity=False).hexdigest()
    found = s3.get_object(Bucket=bucket, Key="x/y.png")
    assert (found["Body"].read(), found["Metadata"]) == (b"content", {"sha256": "abc"})
    monkeypatch.setenv("AWS_CA_BUNDLE", "/etc/certificates.pem")  # obstore would not read it
    assert isinstance(sender_for(config, s3, wanted), Boto3Sender)
