"""Export to S3 on a good day: what lies in the bucket, and that a second run sends nothing."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from engines.datasets.export_config import ExportConfig, S3ExportConfig
from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.lock import ExportLock
from engines.errors import Conflict, Forbidden, NotFound
from engines.protocols import Storage
from engines.storage.s3.client import S3Client
from engines.types import (
    AllowedBuckets,
    ExportFilter,
    ExportProgress,
    QualityReport,
    S3ExportRequest,
)
from tests.moto_s3 import EVERY_BUCKET

MakeS3Request = Callable[..., S3ExportRequest]
PREFIX = "datasets/nature/v1/"


def listed(s3: S3Client, bucket: str) -> dict[str, int]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {o["Key"]: o["Size"] for page in pages for o in page.get("Contents", ())}


def manifest_of(s3: S3Client, bucket: str) -> dict[str, Any]:
    body = s3.get_object(Bucket=bucket, Key=f"{PREFIX}manifest.json")["Body"].read()
    manifest: dict[str, Any] = orjson.loads(body)
    return manifest


def test_everything_arrives_and_the_manifest_lists_it(
    s3_exporter: S3Exporter,
    storage: Storage,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    report = s3_exporter.export(make_s3_request())
    assert (report.status, report.uploaded_count, report.failed_count) == ("success", 10, 0)
    assert report.total_size_bytes == sum(storage.stat(key).size_bytes for key in nature)
    assert report.manifest_url == f"s3://{bucket}/{PREFIX}manifest.json"
    assert (report.bucket_name, report.s3_prefix) == (bucket, "datasets/nature/v1")
    found = listed(s3, bucket)
    manifest = manifest_of(s3, bucket)
    named = {PREFIX + entry["key"]: entry for entry in manifest["files"]}
    assert set(found) == set(named) | {f"{PREFIX}manifest.json"}
    assert manifest["image_count"] == 10
    assert manifest["failed_count"] == 0
    for key, entry in named.items():
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["size_bytes"] == len(content)
    assert f"{PREFIX}images/image_0003.png" in named
    assert f"{PREFIX}images/image_0003.json" in named
    assert f"{PREFIX}images/image_0003.png.quality.json" in named
    head = s3.head_object(Bucket=bucket, Key=f"{PREFIX}images/image_0003.png")
    assert head["ContentType"] == "image/png"


@pytest.mark.slow
def test_a_copy_of_the_prefix_is_an_imagefolder(
    s3_exporter: S3Exporter,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    tmp_path: Path,
    make_s3_request: MakeS3Request,
) -> None:
    from datasets import load_dataset

    s3_exporter.export(make_s3_request())
    copy = tmp_path / "copy"
    for key in listed(s3, bucket):
        target = copy / key.removeprefix(PREFIX)
        target.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(bucket, key, str(target))
    loaded = load_dataset(
        "imagefolder", data_dir=str(copy), split="train", cache_dir=str(tmp_path / "c")
    )
    assert loaded.num_rows == 10
    by_seed = {row["parameters"]["seed"]: row for row in loaded}
    expected = np.random.default_rng(4).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(by_seed[4]["image"]), expected)
    assert by_seed[4]["prompt"] == 'sunset "4" über 山\n'


def test_a_second_run_uploads_nothing_but_its_own_papers(
    s3_exporter: S3Exporter,
    factory: Any,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    s3_exporter.export(make_s3_request())
    before = manifest_of(s3, bucket)["files"]
    factory.calls.clear()
    report = s3_exporter.export(make_s3_request())
    assert (report.status, report.uploaded_count, report.skipped_count) == ("success", 10, 10)
    assert factory.calls["PutObject"] == 4  # metadata, two cards, manifest
    assert factory.calls["HeadObject"] == 0
    after = manifest_of(s3, bucket)["files"]
    images = [entry for entry in before if entry["key"].startswith("images/")]
    assert [entry for entry in after if entry["key"].startswith("images/")] == images


@pytest.mark.slow
def test_after_a_run_without_manifest_what_is_there_is_found(
    s3_exporter: S3Exporter,
    factory: Any,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    s3_exporter.export(make_s3_request())
    s3.delete_object(Bucket=bucket, Key=f"{PREFIX}manifest.json")
    s3.delete_object(Bucket=bucket, Key=f"{PREFIX}images/image_0002.png")
    factory.calls.clear()
    report = s3_exporter.export(make_s3_request())
    assert (report.uploaded_count, report.skipped_count) == (10, 9)
    assert factory.calls["PutObject"] == 5
    assert len(manifest_of(s3, bucket)["files"]) == 35


def test_what_changed_is_sent_again(
    s3_exporter: S3Exporter,
    store: DatasetStore,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    s3_exporter.export(make_s3_request())
    store.record_verdict(nature[0], QualityReport(nature[0], 0.1, {}, False, "quality/2"))
    s3.put_object(Bucket=bucket, Key=f"{PREFIX}images/image_0001.png", Body=b"vandal")
    report = s3_exporter.export(make_s3_request())
    assert (report.status, report.skipped_count) == ("success", 8)
    body = s3.get_object(Bucket=bucket, Key=f"{PREFIX}images/image_0000.png.quality.json")["Body"]
    assert orjson.loads(body.read())["validator_version"] == "quality/2"
    assert listed(s3, bucket)[f"{PREFIX}images/image_0001.png"] > 6


@pytest.mark.slow
def test_other_options_are_another_object(
    s3_exporter: S3Exporter,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    s3_exporter.export(make_s3_request())
    request = make_s3_request(
        public_read=True, storage_class="STANDARD_IA", server_side_encryption="AES256"
    )
    assert s3_exporter.export(request).skipped_count == 0
    assert s3_exporter.export(request).skipped_count == 10
    key = f"{PREFIX}images/image_0000.png"
    head = s3.head_object(Bucket=bucket, Key=key)
    assert (head["StorageClass"], head["ServerSideEncryption"]) == ("STANDARD_IA", "AES256")
    grants = s3.get_object_acl(Bucket=bucket, Key=key)["Grants"]
    assert any("AllUsers" in grant["Grantee"].get("URI", "") for grant in grants)


def test_only_images_without_metadata(
    s3_exporter: S3Exporter,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    s3_exporter.export(make_s3_request(include_metadata=False))
    names = {key.removeprefix(PREFIX) for key in listed(s3, bucket)}
    cards = {"README.md", "croissant.json", "manifest.json"}
    assert names == {f"images/image_{n:04d}.png" for n in range(10)} | cards


def test_filters_and_prefixes(
    s3_exporter: S3Exporter,
    s3: S3Client,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    wanted = ExportFilter(quality_passed=True, privacy_passed=True)
    report = s3_exporter.export(make_s3_request(filter=wanted, s3_prefix=""))
    assert report.uploaded_count == 4
    assert report.manifest_url == f"s3://{bucket}/manifest.json"
    nothing = ExportFilter(min_quality_score=2.0)
    report = s3_exporter.export(make_s3_request(filter=nothing, s3_prefix="/none/"))
    assert (report.status, report.uploaded_count) == ("failed", 0)
    assert report.manifest_url == f"s3://{bucket}/none/manifest.json"


def test_a_users_own_folder_with_large_files(
    factory: Any,
    storage: Storage,
    store: DatasetStore,
    s3: S3Client,
    bucket: str,
    pets: str,
    make_s3_request: MakeS3Request,
) -> None:
    import io

    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "BMP")
    storage.put_new(f"{pets}/big.bmp", buffer.getvalue())
    config = ExportConfig(s3=S3ExportConfig(multipart_bytes=5 * 2**20))
    exporter = S3Exporter(factory, storage, store, config, buckets=EVERY_BUCKET)
    report = exporter.export(make_s3_request(dataset_key=pets))
    assert (report.status, report.uploaded_count) == ("success", 4)
    assert factory.calls["CompleteMultipartUpload"] == 1
    body = s3.get_object(Bucket=bucket, Key=f"{PREFIX}images/big.bmp")["Body"].read()
    assert body == buffer.getvalue()
    assert f"{PREFIX}images/cats/1.coco.json" in listed(s3, bucket)
    assert exporter.export(make_s3_request(dataset_key=pets)).skipped_count == 4


def test_config_forbids(
    factory: Any,
    storage: Storage,
    store: DatasetStore,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    def exporter(*names: str) -> S3Exporter:
        buckets = AllowedBuckets("THE_SETTING", frozenset(names))
        return S3Exporter(factory, storage, store, ExportConfig(), buckets=buckets)

    with pytest.raises(Forbidden, match="THE_SETTING"):
        exporter("other").export(make_s3_request())
    with pytest.raises(Forbidden, match="allow_public_read"):
        exporter(bucket).export(make_s3_request(public_read=True))
    assert not factory.calls
    assert exporter(bucket).export(make_s3_request()).status == "success"


def test_absent_datasets_and_busy_targets(
    s3_exporter: S3Exporter,
    storage: Storage,
    clock: Any,
    bucket: str,
    nature: list[str],
    make_s3_request: MakeS3Request,
) -> None:
    with pytest.raises(NotFound):
        s3_exporter.export(make_s3_request(dataset_key="generated/absent"))
    lock = ExportLock(storage, f"s3://{bucket}/datasets/nature/v1", clock, 300.0)
    lock.acquire()
    with pytest.raises(Conflict):
        s3_exporter.export(make_s3_request(s3_prefix="/datasets/nature/v1/"))
    lock.release()
    assert s3_exporter.export(make_s3_request()).status == "success"


def test_progress_and_threads_end(
    s3_exporter: S3Exporter, nature: list[str], make_s3_request: MakeS3Request
) -> None:
    heard: list[ExportProgress] = []
    s3_exporter.export(make_s3_request(), heard.append)
    assert heard == [ExportProgress(1, 10), ExportProgress(10, 10)]
    assert not [t for t in threading.enumerate() if t.name.startswith("export-s3")]
