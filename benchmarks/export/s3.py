"""Uploads one dataset to an S3 server with this product and with common clients."""

from __future__ import annotations

import shutil
import subprocess
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from benchmarks.export.dataset import DATASET
from engines.datasets.export_config import ExportConfig
from engines.datasets.s3.by_obstore import ObstoreSender
from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.s3.sending import Boto3Sender, SenderFactory
from engines.datasets.store.store import DatasetStore
from engines.storage.folder.storage import FolderStorage
from engines.storage.s3.client import S3ClientConfig
from engines.types import ANY_BUCKET, AllowedBuckets, S3ExportRequest

if TYPE_CHECKING:
    from obstore.store import S3Credential


@dataclass(frozen=True, slots=True)
class S3Server:
    """Address and credentials of an S3 server."""

    endpoint_url: str
    access_key: str
    secret_key: str

    def client(self, connections: int = 16) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(max_pool_connections=connections),
        )

    def credentials(self) -> S3Credential:
        """The credentials in the form that obstore needs."""
        return {
            "access_key_id": self.access_key,
            "secret_access_key": self.secret_key,
            "expires_at": None,
        }


Upload = Callable[[S3Server, str, Path], None]


def sequential(server: S3Server, bucket: str, root: Path) -> None:
    client = server.client()
    for path in images(root):
        client.put_object(Bucket=bucket, Key=path.name, Body=path.read_bytes())


def threads(server: S3Server, bucket: str, root: Path) -> None:
    client = server.client()

    def put(path: Path) -> None:
        client.put_object(Bucket=bucket, Key=path.name, Body=path.read_bytes())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, images(root)))


def transfer_manager(server: S3Server, bucket: str, root: Path) -> None:
    from s3transfer.manager import TransferManager

    with TransferManager(server.client()) as manager:
        futures = [manager.upload(str(path), bucket, path.name) for path in images(root)]
        for future in futures:
            future.result()


def obstore_async(server: S3Server, bucket: str, root: Path) -> None:
    import asyncio

    import obstore
    from obstore.store import S3Store

    store = S3Store(
        bucket,
        endpoint=server.endpoint_url,
        region="us-east-1",
        access_key_id=server.access_key,
        secret_access_key=server.secret_key,
        client_options={"allow_http": True},
        virtual_hosted_style_request=False,
    )

    async def run() -> None:
        limit = asyncio.Semaphore(16)

        async def put(path: Path) -> None:
            async with limit:
                content = path.read_bytes()  # noqa: ASYNC240 - from the page cache, as in the other methods
                await obstore.put_async(store, path.name, content)

        await asyncio.gather(*(put(path) for path in images(root)))

    asyncio.run(run())


def s5cmd(server: S3Server, bucket: str, root: Path) -> None:
    source = f"{root / 'generated' / DATASET}/*.png"
    keys = [f"AWS_ACCESS_KEY_ID={server.access_key}", f"AWS_SECRET_ACCESS_KEY={server.secret_key}"]
    command = ["s5cmd", "--endpoint-url", server.endpoint_url, "--numworkers", "16"]
    subprocess.run(
        ["env", *keys, "AWS_REGION=us-east-1", *command, "cp", source, f"s3://{bucket}/"],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def ours_by(server: S3Server, bucket: str, root: Path, senders: SenderFactory) -> None:
    storage = FolderStorage(root)
    config = ExportConfig()
    buckets = AllowedBuckets("", frozenset({ANY_BUCKET}))
    exporter = S3Exporter(
        server.client, storage, DatasetStore(storage), config, buckets=buckets, senders=senders
    )
    request = S3ExportRequest(f"generated/{DATASET}", bucket, "", include_metadata=False)
    report = exporter.export(request)
    if report.status != "success":
        raise RuntimeError(f"{report.failed_count} failures: {report.failures[:3]}")


def ours(server: S3Server, bucket: str, root: Path) -> None:
    config = S3ClientConfig(endpoint_url=server.endpoint_url, region_name="us-east-1")
    ours_by(server, bucket, root, lambda _, __: ObstoreSender(config, bucket, server.credentials))


def ours_boto3(server: S3Server, bucket: str, root: Path) -> None:
    ours_by(server, bucket, root, Boto3Sender)


def images(root: Path) -> list[Path]:
    return sorted((root / "generated" / DATASET).glob("*.png"))


def methods() -> dict[str, Upload]:
    """Name to method, for all methods whose library or program is installed."""
    found: dict[str, Upload] = {
        "ours (verified, with manifest)": ours,
        "ours, boto3 alone": ours_boto3,
        "boto3 sequential": sequential,
        "boto3 8 threads": threads,
        "TransferManager": transfer_manager,
        "obstore async 16": obstore_async,
    }
    if shutil.which("s5cmd") is not None:
        found["s5cmd 16 workers"] = s5cmd
    return found


def measure(server: S3Server, root: Path, repeats: int) -> dict[str, tuple[float, float]]:
    """Name to objects per second and CPU milliseconds of this process per object, medians of
    `repeats`. The methods run in turn, so that other load on the machine affects all of them."""
    count = len(images(root))
    client = server.client()
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(repeats):
        for name, upload in methods().items():
            bucket = f"bench-{uuid.uuid4().hex[:12]}"
            client.create_bucket(Bucket=bucket)
            started, cpu = time.perf_counter(), time.process_time()
            upload(server, bucket, root)
            rate = count / (time.perf_counter() - started)
            cpu_ms = (time.process_time() - cpu) * 1e3 / count
            found.setdefault(name, []).append((rate, cpu_ms))
            remove_bucket(client, bucket)
    return {
        name: (median(rate for rate, _ in runs), median(cpu_ms for _, cpu_ms in runs))
        for name, runs in found.items()
    }


def remove_bucket(client: Any, bucket: str) -> None:
    """Delete the bucket and its objects. Otherwise a server that keeps data in memory becomes
    full."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        keys = [{"Key": item["Key"]} for item in page.get("Contents", ())]
        client.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    client.delete_bucket(Bucket=bucket)
