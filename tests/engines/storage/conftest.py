"""Both storages in one fixture, because the same tests must pass with both."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.config import Config

from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.datasets.store.summaries import SummaryCache
from engines.protocols import Storage
from engines.storage.folder.storage import FolderStorage
from engines.storage.s3.client import S3Client
from engines.storage.s3.storage import S3Storage
from engines.types import GeneratedImage, GenerationRequest
from tests.engines.storage.doubles import CountingStorage, StepClock
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


@pytest.fixture
def counting(storage: Storage) -> CountingStorage:
    return CountingStorage(storage)


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def store(counting: CountingStorage, clock: StepClock) -> DatasetStore:
    # Its clock stands still: after a slow count, the result would be kept for a while.
    return DatasetStore(counting, clock, summaries=SummaryCache(lambda: 0.0))


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
