"""Both storages behind one fixture: whatever holds for one must hold for the other."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import boto3
import numpy as np
import pytest
from botocore.config import Config

from engines.datasets.recorder import ImageRecorder
from engines.datasets.store import DatasetStore
from engines.errors import InsufficientStorage, StorageFailed
from engines.protocols import Storage
from engines.storage.folder.storage import FolderStorage
from engines.storage.s3.client import S3Client
from engines.storage.s3.storage import S3Storage
from engines.types import GeneratedImage, GenerationRequest, ObjectStat
from tests.moto_s3 import moto_s3


@pytest.fixture(scope="session")
def s3_endpoint_url() -> Iterator[str]:
    with moto_s3() as url:
        yield url


@pytest.fixture(scope="session")
def s3_client(s3_endpoint_url: str) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=s3_endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test-secret",
        config=Config(retries={"mode": "standard", "total_max_attempts": 3}),
    )


@pytest.fixture
def bucket(s3_client: S3Client) -> str:
    name = f"data-{uuid.uuid4().hex}"
    s3_client.create_bucket(Bucket=name)
    return name


@pytest.fixture
def folder_storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "root")


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest) -> Storage:
    if request.param == "folder":
        return FolderStorage(request.getfixturevalue("tmp_path") / "root")
    client = request.getfixturevalue("s3_client")
    return S3Storage(client, request.getfixturevalue("bucket"), "some/prefix")


class CountingStorage:
    """A storage that counts reads, and fails the calls that it is told to fail."""

    def __init__(self, inner: Storage) -> None:
        self.inner = inner
        self.reads: list[str] = []
        self.failing: dict[str, str] = {}
        self.full: dict[str, str] = {}

    def _check(self, method: str, key: str) -> None:
        suffix = self.failing.get(method)
        if suffix is not None and key.endswith(suffix):
            raise StorageFailed(f"{method} {key}")
        suffix = self.full.get(method)
        if suffix is not None and key.endswith(suffix):
            raise InsufficientStorage(f"{method} {key}")

    def put_new(self, key: str, content: bytes) -> ObjectStat:
        self._check("put_new", key)
        return self.inner.put_new(key, content)

    def replace(self, key: str, content: bytes, if_match: str | None = None) -> ObjectStat:
        self._check("replace", key)
        return self.inner.replace(key, content, if_match)

    def create(self, key: str) -> AbstractContextManager[BinaryIO]:
        self._check("create", key)
        return self.inner.create(key)

    def append(self, key: str, record: bytes) -> None:
        self._check("append", key)
        self.inner.append(key, record)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        self.reads.append(key)
        return self.inner.read(key, start, length)

    def open(self, key: str) -> BinaryIO:
        self.reads.append(key)
        return self.inner.open(key)

    def stat(self, key: str) -> ObjectStat:
        return self.inner.stat(key)

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        return self.inner.list(prefix, after)

    def list_refused(self, prefix: str) -> Iterator[str]:
        return self.inner.list_refused(prefix)

    def folder_version(self, prefix: str) -> str | None:
        return self.inner.folder_version(prefix)

    def list_folders(self, prefix: str) -> Iterator[str]:
        return self.inner.list_folders(prefix)

    def delete(self, key: str) -> None:
        self.inner.delete(key)

    def free_bytes(self) -> int | None:
        return self.inner.free_bytes()

    def presign(self, key: str, expires_s: int) -> str | None:
        return self.inner.presign(key, expires_s)


class StepClock:
    """Wall time that moves one second at every look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def counting(storage: Storage) -> CountingStorage:
    return CountingStorage(storage)


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def store(counting: CountingStorage, clock: StepClock) -> DatasetStore:
    return DatasetStore(counting, clock)


@pytest.fixture
def recorder(store: DatasetStore) -> ImageRecorder:
    return ImageRecorder(store, {"torch": "2.13.0", "diffusers": "0.42.1"})


MakeRequest = Callable[..., GenerationRequest]


@pytest.fixture
def make_request() -> MakeRequest:
    def make(image_id: str = "image_1", **changes: Any) -> GenerationRequest:
        fields: dict[str, Any] = {
            "image_id": image_id,
            "prompt": "A beautiful sunset – über 山",
            "model_id": "runwayml/stable-diffusion-v1-5",
            "width": 64,
            "height": 48,
            "num_inference_steps": 20,
            "guidance_scale": 7.5,
            "seed": 42,
            "dataset": "nature",
        }
        return GenerationRequest(**{**fields, **changes})

    return make


@pytest.fixture
def make_image() -> Callable[[int], GeneratedImage]:
    def make(seed: int) -> GeneratedImage:
        pixels = np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)
        return GeneratedImage(
            pixels=pixels,
            served_model="inferloop/mini",
            revision="abc123",
            noise_scheduler="DDIMScheduler",
            safety={"policy": "flag", "flagged": False},
            notes=("stand-in model",),
            engine_s=1.25,
        )

    return make
