"""Buckets on a test server, and clients with faults."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engines.datasets.export_config import ExportConfig, S3ExportConfig
from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.store.store import DatasetStore
from engines.protocols import Storage
from engines.storage.s3.client import S3Client
from engines.types import S3ExportRequest
from tests.engines.datasets.conftest import NATURE
from tests.engines.datasets.s3.s3_server import ClientFactory, FaultyS3
from tests.moto_s3 import EVERY_BUCKET, moto_s3


@pytest.fixture(scope="session")
def s3_endpoint_url() -> Iterator[str]:
    with moto_s3() as url:
        yield url


@pytest.fixture
def factory(s3_endpoint_url: str) -> ClientFactory:
    return ClientFactory(s3_endpoint_url)


@pytest.fixture
def s3(factory: ClientFactory) -> S3Client:
    """A client without faults, to inspect the bucket."""
    return ClientFactory(factory.endpoint_url)(4)


@pytest.fixture
def bucket(s3: S3Client) -> str:
    name = f"set-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def s3_config() -> ExportConfig:
    return ExportConfig(s3=S3ExportConfig(allow_public_read=True))


@pytest.fixture
def s3_exporter(
    factory: ClientFactory, storage: Storage, store: DatasetStore, s3_config: ExportConfig
) -> S3Exporter:
    return S3Exporter(factory, storage, store, s3_config, buckets=EVERY_BUCKET)


@pytest.fixture
def make_s3_request(bucket: str) -> Callable[..., S3ExportRequest]:
    def make(**changes: Any) -> S3ExportRequest:
        fields: dict[str, Any] = {
            "dataset_key": NATURE,
            "bucket_name": bucket,
            "s3_prefix": "datasets/nature/v1",
        }
        return S3ExportRequest(**{**fields, **changes})

    return make


@pytest.fixture
def server() -> Iterator[FaultyS3]:
    server = FaultyS3()
    yield server
    server.close()


@pytest.fixture
def obstore_factory(server: FaultyS3) -> ClientFactory:
    return ClientFactory(f"http://127.0.0.1:{server.port}")


@pytest.fixture
def obstore_exporter(
    obstore_factory: ClientFactory,
    storage: Storage,
    store: DatasetStore,
    s3_config: ExportConfig,
) -> S3Exporter:
    return S3Exporter(
        obstore_factory,
        storage,
        store,
        s3_config,
        buckets=EVERY_BUCKET,
        senders=obstore_factory.obstore,
    )


@pytest.fixture
def obstore_request(bucket: str, server: FaultyS3) -> S3ExportRequest:
    server.puts.clear()  # the creation of the bucket was a request too
    return S3ExportRequest(NATURE, bucket, "v1")
