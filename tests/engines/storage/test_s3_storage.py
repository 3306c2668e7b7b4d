"""What only S3 can get wrong: lost answers, broken streams, replaced objects, foreign codes."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from engines.errors import Conflict, InvalidParameters, StorageFailed
from engines.storage.folder.storage import FolderStorage
from engines.storage.opening import open_storage
from engines.storage.s3.client import S3Client, S3ClientConfig, make_s3_client
from engines.storage.s3.reading import read_range
from engines.storage.s3.storage import MAX_APPEND_BYTES, S3Storage


def fresh_client(endpoint_url: str, **options: Any) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="very-secret",
        config=Config(retries={"mode": "standard", "total_max_attempts": 3}, **options),
    )


class LostAnswers:
    """Lets requests through and then loses the first `count` answers, as a cut cable does."""

    def __init__(self, client: S3Client, operation: str, count: int) -> None:
        self.left = count
        client.meta.events.register(f"needs-retry.s3.{operation}", self)

    def __call__(self, response: Any, **_: Any) -> float | None:
        if response is not None and self.left:
            self.left -= 1
            return 0.01
        return None


def test_a_put_whose_answer_was_lost_is_no_conflict(s3_endpoint_url: str, bucket: str) -> None:
    client = fresh_client(s3_endpoint_url)
    storage = S3Storage(client, bucket)
    lost = LostAnswers(client, "PutObject", 1)
    put = storage.put_new("x", b"content")
    assert lost.left == 0
    assert storage.stat("x").etag == put.etag
    with pytest.raises(Conflict):
        storage.put_new("x", b"content")


def test_a_conflict_after_a_lost_answer_stays_one(s3_endpoint_url: str, bucket: str) -> None:
    client = fresh_client(s3_endpoint_url)
    storage = S3Storage(client, bucket)
    storage.put_new("x", b"content")
    LostAnswers(client, "PutObject", 1)
    with pytest.raises(Conflict):
        storage.put_new("x", b"content")


def test_reading_never_mixes_versions(s3_client: S3Client, bucket: str) -> None:
    storage = S3Storage(s3_client, bucket)
    storage.put_new("x", b"a" * 3_000_000)
    with storage.open("x") as file:
        assert file.read(10) == b"a" * 10
        storage.replace("x", b"b" * 3_000_000)
        with pytest.raises(Conflict):
            file.read(2_500_000)


class CutBody:
    """A client whose first bodies break half-way."""

    def __init__(self, client: S3Client, cuts: int) -> None:
        self._client, self.cuts = client, cuts

    def get_object(self, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.get_object(**arguments)
        if self.cuts:
            self.cuts -= 1
            answer["Body"] = self
        return answer

    def read(self) -> bytes:
        raise ConnectionResetError("cut")


def test_a_cut_body_is_read_again(s3_client: S3Client, bucket: str) -> None:
    S3Storage(s3_client, bucket).put_new("x", b"0123456789")
    waits: list[float] = []
    cut = CutBody(s3_client, 2)
    assert read_range(cut, bucket, "x", 2, 3, sleep=waits.append) == b"234"
    assert waits == [0.05, 0.1]
    with pytest.raises(StorageFailed, match="cannot be reached"):
        S3Storage(CutBody(s3_client, 99), bucket).read("x")


def test_append_has_a_bound(s3_client: S3Client, bucket: str) -> None:
    storage = S3Storage(s3_client, bucket)
    storage.append("x", b"a" * MAX_APPEND_BYTES)
    with pytest.raises(StorageFailed, match="grow beyond"):
        storage.append("x", b"b")
    assert storage.stat("x").size_bytes == MAX_APPEND_BYTES


def test_a_missing_bucket_is_storage_failed_without_secrets(s3_endpoint_url: str) -> None:
    storage = S3Storage(fresh_client(s3_endpoint_url), "no-such-bucket-here")
    with pytest.raises(StorageFailed, match="NoSuchBucket") as caught:
        storage.put_new("x", b"x")
    assert "secret" not in str(caught.value)


def test_an_absent_server_is_storage_failed() -> None:
    storage = S3Storage(fresh_client("http://127.0.0.1:1", connect_timeout=1), "b")
    with pytest.raises(StorageFailed, match=EndpointConnectionError.__name__):
        storage.read("x")


def test_refusals_hide_the_servers_words(s3_endpoint_url: str, bucket: str) -> None:
    client = fresh_client(s3_endpoint_url)

    def deny(**_: Any) -> AWSResponse:
        body = b"<Error><Code>AccessDenied</Code><Message>User arn:aws:iam::1:bob</Message></Error>"
        raw = type("Raw", (), {"stream": lambda self, *a, **k: iter([body])})()
        return AWSResponse("http://s3", 403, {}, raw)

    client.meta.events.register("before-send.s3", deny)
    with pytest.raises(StorageFailed, match="AccessDenied") as caught:
        S3Storage(client, bucket).put_new("x", b"x")
    assert "bob" not in str(caught.value)


def test_folder_markers_of_consoles_are_not_objects(s3_client: S3Client, bucket: str) -> None:
    s3_client.put_object(Bucket=bucket, Key="p/generated/", Body=b"")
    s3_client.put_object(Bucket=bucket, Key="p/generated/x", Body=b"x")
    storage = S3Storage(s3_client, bucket, "/p/")
    assert [stat.key for stat in storage.list("generated")] == ["generated/x"]
    assert [stat.key for stat in storage.list("")] == ["generated/x"]


def test_objects_whose_names_are_no_keys_are_named(s3_client: S3Client, bucket: str) -> None:
    storage = S3Storage(s3_client, bucket, "p")
    for key in ("p/set/", "p/set/a.png", "p/set/back\\slash.png", "p/set/in/tab\t.png"):
        s3_client.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert [stat.key for stat in storage.list("set")] == ["set/a.png"]
    assert list(storage.list_refused("set")) == ["back\\\\slash.png", "in/tab\\t.png"]


def test_list_goes_past_a_page(s3_endpoint_url: str, bucket: str) -> None:
    client = fresh_client(s3_endpoint_url)
    pages: list[int] = []

    def small_pages(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        pages.append(1)
        return {**params, "MaxKeys": 10}

    client.meta.events.register("provide-client-params.s3.ListObjectsV2", small_pages)
    storage = S3Storage(client, bucket)
    for number in range(25):
        storage.replace(f"many/{number:05d}", b"")
    assert [stat.key for stat in storage.list("many")] == [f"many/{n:05d}" for n in range(25)]
    assert len(pages) == 3


def test_open_storage_reads_the_setting(tmp_path: Any, s3_endpoint_url: str) -> None:
    assert isinstance(open_storage(str(tmp_path / "data")), FolderStorage)
    assert isinstance(open_storage("s3://bucket/some/prefix", s3_endpoint_url), S3Storage)
    for wrong in ("data", "./data", "gs://bucket", "s3://", "s3://key:secret@bucket", "s3://b?x=1"):
        with pytest.raises(InvalidParameters) as caught:
            open_storage(wrong)
        assert "secret" not in str(caught.value.details)


def test_the_client_states_its_patience() -> None:
    config = S3ClientConfig(endpoint_url="http://127.0.0.1:1", region_name="eu-west-1")
    built = make_s3_client(config).meta.config
    assert (built.connect_timeout, built.read_timeout) == (5.0, 60.0)
    assert built.retries["mode"] == "standard"
    assert built.max_pool_connections == 16
