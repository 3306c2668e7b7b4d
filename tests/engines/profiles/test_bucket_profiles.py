"""Profiles of images in a bucket: read where they are, refused in plain words."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.awsrequest import AWSResponse
from PIL import Image

from engines.errors import Forbidden, InferloopError, InvalidParameters, NotFound, StorageFailed
from engines.images import ImageLimits
from engines.profiles import ProfileService
from engines.storage.folder.storage import FolderStorage
from engines.storage.s3.client import S3Client
from engines.types import AllowedBuckets, ProfileRequest, S3Folder
from tests.engines.datasets.s3.s3_server import ClientFactory, FaultyS3, answer
from tests.moto_s3 import EVERY_BUCKET


@pytest.fixture(scope="module")
def server() -> Iterator[FaultyS3]:
    server = FaultyS3()
    yield server
    server.close()


@pytest.fixture
def factory(server: FaultyS3) -> ClientFactory:
    return ClientFactory(f"http://127.0.0.1:{server.port}")


@pytest.fixture
def s3(factory: ClientFactory) -> S3Client:
    return ClientFactory(factory.endpoint_url)(4)


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "root")


@pytest.fixture
def service(storage: FolderStorage, factory: ClientFactory) -> ProfileService:
    return ProfileService(storage, s3_clients=factory, buckets=EVERY_BUCKET)


def picture(seed: int, side_px: int = 40) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 200, (30, side_px, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def bucket(s3: S3Client, storage: FolderStorage) -> str:
    """Five pictures below `photos/`, and what is none of them; the pictures in a folder too."""
    name = f"real-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name)
    names = ["1.png", "2.PNG", "deep/er/3.png", "ü 4.png", "5+%.png"]
    for number, image in enumerate(names):
        s3.put_object(Bucket=name, Key=f"photos/{image}", Body=picture(number))
        storage.put_new(f"uploads/same/{number}.png", picture(number))
    s3.put_object(Bucket=name, Key="photos/notes.txt", Body=b"no picture")
    s3.put_object(Bucket=name, Key="photos-of-others/6.png", Body=picture(6))
    return name


def order(bucket: str, prefix: str = "photos", **options: Any) -> ProfileRequest:
    return ProfileRequest("summer", S3Folder(bucket, prefix), **options)


def test_a_bucket_gives_the_profile_of_the_same_folder(
    service: ProfileService, factory: ClientFactory, bucket: str
) -> None:
    ours = service.create(order(bucket, keep_hashes=True))
    same = service.create(ProfileRequest("same", "uploads/same", keep_hashes=True))
    assert (ours.sample_count, ours.kept_hashes) == (5, 5)
    assert ours.statistics["means"] == pytest.approx(same.statistics["means"])
    assert factory.calls["GetObject"] == 5
    assert service.get("summer").statistics == ours.statistics


def test_a_prefix_is_a_folder(service: ProfileService, bucket: str) -> None:
    assert service.create(order(bucket, "/photos/deep/")).sample_count == 1
    everything = ProfileRequest("all", S3Folder(bucket))
    assert service.create(everything).sample_count == 6


def test_an_update_extends(service: ProfileService, bucket: str) -> None:
    service.create(order(bucket, keep_hashes=True))
    more = service.create(order(bucket, "photos-of-others", update=True))
    assert (more.sample_count, more.kept_hashes) == (6, 6)


def test_what_is_no_picture_or_too_large_is_left_out(
    storage: FolderStorage, factory: ClientFactory, s3: S3Client, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="photos/broken.png", Body=picture(1)[:200])
    s3.put_object(Bucket=bucket, Key="photos/large.png", Body=bytes(200_000))
    limits = ImageLimits(max_bytes=100_000)
    service = ProfileService(storage, limits, s3_clients=factory, buckets=EVERY_BUCKET)
    assert service.create(order(bucket)).sample_count == 5
    assert factory.calls["GetObject"] == 6  # the large one was not even fetched


def test_every_page_of_the_listing_is_read(
    service: ProfileService, factory: ClientFactory, bucket: str
) -> None:
    def small_pages(params: dict[str, Any], **_: Any) -> None:
        params["MaxKeys"] = 2

    factory.register("before-parameter-build.s3.ListObjectsV2", small_pages)
    assert service.create(order(bucket)).sample_count == 5
    assert factory.calls["ListObjectsV2"] == 3  # six objects, the notes among them


def test_buckets_must_be_on_the_list(
    storage: FolderStorage, factory: ClientFactory, bucket: str
) -> None:
    def service(*names: str) -> ProfileService:
        buckets = AllowedBuckets("THE_SETTING", frozenset(names))
        return ProfileService(storage, s3_clients=factory, buckets=buckets)

    for closed in (service(), service("other")):
        with pytest.raises(Forbidden, match="THE_SETTING"):
            closed.create(order(bucket))
    with pytest.raises(Forbidden, match="does not make profiles"):
        ProfileService(storage, s3_clients=factory).create(order(bucket))
    assert not factory.calls
    assert service(bucket).create(order(bucket))


def refuse(method: str, status: int, code: str, part: str = "") -> Callable[..., Any]:
    def hook(request: Any, **_: Any) -> AWSResponse | None:
        meets = request.method == method and part in request.url
        return answer(status, code) if meets else None

    return hook


@pytest.mark.parametrize(
    ("status", "code", "expected", "words"),
    [
        (403, "AccessDenied", Forbidden, "denied"),
        (403, "InvalidAccessKeyId", Forbidden, "credentials were refused"),
        (403, "SignatureDoesNotMatch", Forbidden, "credentials were refused"),
        (400, "AuthorizationHeaderMalformed", InvalidParameters, "source_url is in another"),
        (404, "NoSuchBucket", NotFound, "Bucket not found"),
        (500, "InternalError", StorageFailed, "InternalError"),
    ],
)
@pytest.mark.parametrize("part", ["list-type", "1.png"])
def test_refusals_are_clear_and_leave_no_profile(
    service: ProfileService,
    factory: ClientFactory,
    bucket: str,
    status: int,
    code: str,
    expected: type[InferloopError],
    words: str,
    part: str,
) -> None:
    factory.max_attempts = 1
    factory.register("before-send.s3", refuse("GET", status, code, part))
    with pytest.raises(expected) as caught:
        service.create(order(bucket))
    assert words in caught.value.message
    for secret in ("very-secret", "AKIDEXAMPLE", "arn:aws", "bob"):
        assert secret not in repr(caught.value.args)
    with pytest.raises(NotFound):
        service.get("summer")


def test_a_missing_bucket_and_a_server_that_is_away(
    service: ProfileService, factory: ClientFactory, bucket: str
) -> None:
    with pytest.raises(NotFound, match="no-such-bucket"):
        service.create(order("no-such-bucket"))
    factory.endpoint_url, factory.max_attempts = "http://127.0.0.1:1", 1
    with pytest.raises(StorageFailed, match="EndpointConnectionError"):
        service.create(order(bucket))


def test_an_object_that_goes_away_meanwhile_is_left_out(
    service: ProfileService, factory: ClientFactory, bucket: str
) -> None:
    factory.register("before-send.s3", refuse("GET", 404, "NoSuchKey", "2.PNG"))
    assert service.create(order(bucket)).sample_count == 4


def test_nothing_to_measure(service: ProfileService, s3: S3Client, bucket: str) -> None:
    with pytest.raises(NotFound, match=f"s3://{bucket}/empty/"):
        service.create(order(bucket, "empty"))
    s3.put_object(Bucket=bucket, Key="bad/x.png", Body=b"no png")
    with pytest.raises(InvalidParameters, match="source_url holds no decodable"):
        service.create(order(bucket, "bad"))


def test_hashes_cannot_be_added_to_a_profile_made_without(
    service: ProfileService, bucket: str
) -> None:
    service.create(order(bucket))
    with pytest.raises(InvalidParameters, match="keep_hashes"):
        service.create(order(bucket, update=True, keep_hashes=True))
    assert service.get("summer").sample_count == 5
