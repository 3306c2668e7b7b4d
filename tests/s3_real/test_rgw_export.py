"""Export to a real server, with what moto does not check: keys, MD5, policies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import numpy as np
import orjson
import pytest

from engines.datasets.export_config import ExportConfig, S3ExportConfig
from engines.datasets.s3.by_obstore import ObstoreSender
from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.errors import Forbidden, NotFound
from engines.storage.folder.storage import FolderStorage
from engines.storage.s3.client import S3Client, S3ClientConfig
from engines.types import GeneratedImage, GenerationRequest, S3ExportRequest
from tests.moto_s3 import EVERY_BUCKET
from tests.s3_real.conftest import ACCESS_KEY, SECRET_KEY

if TYPE_CHECKING:
    from obstore.store import S3Credential

pytestmark = [pytest.mark.s3_real, pytest.mark.timeout(180)]


@pytest.fixture
def dataset(tmp_path: Path) -> DatasetStore:
    store = DatasetStore(FolderStorage(tmp_path / "root"))
    recorder = ImageRecorder(store, {"torch": "2"})
    for seed in range(12):
        pixels = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        image = GeneratedImage(pixels, "m", "r", "DDIMScheduler", {"policy": "off"})
        request = GenerationRequest(
            f"image_{seed}", "a prompt", "m", 64, 64, 2, 0.0, seed, dataset="real"
        )
        recorder.record(request, image)
    return store


def exporter_for(store: DatasetStore, client: S3Client, **options: Any) -> S3Exporter:
    config = ExportConfig(s3=S3ExportConfig(**options))
    return S3Exporter(
        lambda connections: client, store.storage, store, config, buckets=EVERY_BUCKET
    )


def test_export_and_second_run(dataset: DatasetStore, s3: S3Client, bucket: str) -> None:
    exporter = exporter_for(dataset, s3)
    request = S3ExportRequest("generated/real", bucket, "v1")
    first = exporter.export(request)
    assert (first.status, first.uploaded_count, first.skipped_count) == ("success", 12, 0)
    second = exporter.export(request)
    assert (second.status, second.uploaded_count, second.skipped_count) == ("success", 12, 12)
    manifest = orjson.loads(s3.get_object(Bucket=bucket, Key="v1/manifest.json")["Body"].read())
    listed = {o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert {f"v1/{entry['key']}" for entry in manifest["files"]} == listed - {"v1/manifest.json"}


def test_obstore_carries_small_files(dataset: DatasetStore, s3: S3Client, bucket: str) -> None:
    config = S3ClientConfig(endpoint_url=s3.meta.endpoint_url, region_name="us-east-1")
    keys: S3Credential = {
        "access_key_id": ACCESS_KEY,
        "secret_access_key": SECRET_KEY,
        "expires_at": None,
    }
    puts: list[str] = []
    s3.meta.events.register("before-call.s3.PutObject", lambda **_: puts.append("boto3"))
    exporter = S3Exporter(
        lambda connections: s3,
        dataset.storage,
        dataset,
        ExportConfig(),
        buckets=EVERY_BUCKET,
        senders=lambda _, wanted: ObstoreSender(config, wanted.bucket_name, lambda: keys),
    )
    request = S3ExportRequest("generated/real", bucket, "v1")
    first = exporter.export(request)
    assert (first.status, first.uploaded_count, first.skipped_count) == ("success", 12, 0)
    assert puts == []
    for record in dataset.iter_records("generated/real"):
        found = s3.get_object(Bucket=bucket, Key=f"v1/images/{record.name}")
        assert found["Body"].read() == dataset.storage.read(record.stat.key)
        assert found["ContentType"] == "image/png"
        assert record.recipe is not None
        assert found["Metadata"]["sha256"] == record.recipe.file_sha256
    second = exporter.export(request)
    assert (second.status, second.skipped_count) == ("success", 12)


def test_large_files_go_in_parts(dataset: DatasetStore, s3: S3Client, bucket: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), dtype=np.uint8)
    image = GeneratedImage(noise, "m", "r", "DDIMScheduler", {"policy": "off"})
    request = GenerationRequest("big", "p", "m", 1500, 1500, 2, 0.0, 1, dataset="big")
    stored = ImageRecorder(dataset, {}).record(request, image)
    exporter = exporter_for(dataset, s3, multipart_bytes=5 * 2**20)
    export = S3ExportRequest("generated/big", bucket, "")
    assert exporter.export(export).status == "success"
    assert s3.head_object(Bucket=bucket, Key="images/big.png")["ContentLength"] == stored.size_bytes
    assert exporter.export(export).skipped_count == 1


def test_wrong_keys_are_refused(dataset: DatasetStore, s3: S3Client, bucket: str) -> None:
    for access_key, secret_key in (("NOSUCHKEY", "x"), ("RGWTESTKEY", "wrong")):
        wrong = boto3.client(
            "s3",
            endpoint_url=s3.meta.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
        )
        with pytest.raises(Forbidden, match="refused") as caught:
            exporter_for(dataset, wrong).export(S3ExportRequest("generated/real", bucket, "x"))
        assert secret_key not in str(caught.value) or secret_key == "x"


def test_a_missing_bucket(dataset: DatasetStore, s3: S3Client) -> None:
    with pytest.raises(NotFound):
        exporter_for(dataset, s3).export(S3ExportRequest("generated/real", "no-such-bucket", "x"))


def test_a_policy_that_denies_writing(dataset: DatasetStore, s3: S3Client, bucket: str) -> None:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    with pytest.raises(Forbidden, match="denied"):
        exporter_for(dataset, s3).export(S3ExportRequest("generated/real", bucket, "x"))


def test_blocked_public_access(dataset: DatasetStore, s3: S3Client, bucket: str) -> None:
    exporter = exporter_for(dataset, s3, allow_public_read=True)
    request = S3ExportRequest("generated/real", bucket, "open", public_read=True)
    assert exporter.export(request).status == "success"
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    blocked = S3ExportRequest("generated/real", bucket, "closed", public_read=True)
    with pytest.raises(Forbidden, match="public access"):
        exporter.export(blocked)
