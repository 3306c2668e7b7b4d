"""Both storages behind one fixture: whatever holds for one must hold for the other."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from engines.protocols import Storage
from engines.storage.folder import FolderStorage
from engines.storage.s3 import S3Storage
from engines.storage.s3_client import S3Client


@pytest.fixture(scope="session")
def s3_endpoint_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


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
