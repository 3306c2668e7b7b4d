"""Image sources against the real thing behind them: an S3 server, OpenCV, Unsplash's answers."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import cv2
import httpx
import numpy as np
import pytest

from inferloop_synthdata import ConnectionFailed
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.sources.images import s3_images
from inferloop_synthdata.sources.unsplash import unsplash_images
from inferloop_synthdata.sources.video import live_frames, open_cv, video_file_frames
from tests.moto_s3 import moto_s3


def nothing_installed(name: str) -> ModuleType:
    raise ImportError(name)


def pixels(jpeg: bytes | Path) -> float:
    """Mean of a frame, 0..255."""
    assert isinstance(jpeg, bytes)
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return float(np.mean(decoded))


# --- S3 -----------------------------------------------------------------------------------------


class Boto3WithKeys:
    """boto3 as a machine with credentials has it: no test touches the environment."""

    @staticmethod
    def client(service: str, **options: Any) -> Any:
        return boto3.client(
            service,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="us-east-1",
            **options,
        )


def load_with_keys(name: str) -> Any:
    return Boto3WithKeys if name == "boto3" else importlib.import_module(name)


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    with moto_s3() as url:
        yield url


def test_s3_gives_the_images_under_a_prefix(s3_endpoint: str) -> None:
    client = Boto3WithKeys.client("s3", endpoint_url=s3_endpoint)
    client.create_bucket(Bucket="photos")
    for key in ("set/a.png", "set/deep/b.JPG", "set/notes.txt", "other/c.png"):
        client.put_object(Bucket="photos", Key=key, Body=key.encode())
    found = list(s3_images("s3://photos/set/", s3_endpoint, load_with_keys))
    assert [(image.name, image.content) for image in found] == [
        ("a.png", b"set/a.png"),
        ("b.JPG", b"set/deep/b.JPG"),
    ]


def test_a_missing_bucket_is_told_by_its_code(s3_endpoint: str) -> None:
    with pytest.raises(UsageProblem, match="S3 refuses nowhere: NoSuchBucket"):
        list(s3_images("s3://nowhere/x", s3_endpoint, load_with_keys))


def test_an_s3_that_is_away_is_told() -> None:
    with pytest.raises(UsageProblem, match="S3 cannot be used: EndpointConnectionError"):
        next(s3_images("s3://photos", "http://127.0.0.1:9", quick_boto3))


def quick_boto3(name: str) -> Any:
    """Without boto3's own minutes of retries."""
    if name != "boto3":
        return importlib.import_module(name)

    class Quick:
        @staticmethod
        def client(service: str, **options: Any) -> Any:
            config = importlib.import_module("botocore.config").Config(
                retries={"total_max_attempts": 1}
            )
            return Boto3WithKeys.client(service, config=config, **options)

    return Quick


def test_without_boto3_the_message_says_how_to_get_it() -> None:
    with pytest.raises(UsageProblem, match="An S3 source needs boto3: pip install 'boto3'"):
        next(s3_images("s3://photos", None, nothing_installed))


# --- video --------------------------------------------------------------------------------------


@pytest.fixture
def film(tmp_path: Path) -> str:
    """3 s at 10 frames a second; frame n has the shade 8 n."""
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for index in range(30):
        writer.write(np.full((48, 64, 3), index * 8, np.uint8))
    writer.release()
    return str(path)


@pytest.mark.parametrize(
    ("every_s", "expected"), [(1.0, [0, 10, 20]), (0.5, [0, 5, 10, 15, 20, 25]), (60.0, [0])]
)
def test_a_film_gives_frames_of_its_own_time(
    film: str, every_s: float, expected: list[int]
) -> None:
    frames = list(video_file_frames(cv2, film, every_s))
    shades = [round(pixels(frame.content) / 8) for frame in frames]
    assert shades == expected


def test_more_often_than_there_are_frames_gives_each_once(film: str) -> None:
    assert len(list(video_file_frames(cv2, film, 0.001))) == 30


def test_a_live_source_gives_what_is_seen_now(film: str) -> None:
    # A film stands in for the camera; a clock that passes 0.1 s at each look, for the time.
    ticks = iter(range(1000))
    frames = list(live_frames(cv2, film, 1.0, clock=lambda: next(ticks) * 0.1))
    shades = [round(pixels(frame.content) / 8) for frame in frames]
    assert shades[0] == 0
    assert all(later - earlier >= 9 for earlier, later in pairwise(shades))


def test_what_is_no_film_is_told(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"no film")
    with pytest.raises(UsageProblem, match="cannot open video file"):
        list(video_file_frames(cv2, str(path), 1.0))


def test_without_opencv_the_message_names_the_extra() -> None:
    with pytest.raises(UsageProblem, match=r"extra camera: pip install '\.\[camera\]'"):
        open_cv(nothing_installed)


# --- Unsplash -----------------------------------------------------------------------------------


class Unsplash:
    """Two pages of photos, as the API documents them."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.host == "images.unsplash.com":
            return httpx.Response(200, content=request.url.path.encode())
        if request.url.path == "/search/photos":
            first = int(request.url.params["page"]) * 10
            pages = {"1": range(first, first + 2), "2": range(first, first + 1)}
            photos = [self._photo(n) for n in pages.get(request.url.params["page"], ())]
            return httpx.Response(200, json={"total": 3, "results": photos})
        return httpx.Response(200, json={"url": "https://images.unsplash.com/x"})

    @staticmethod
    def _photo(number: int) -> dict[str, Any]:
        return {
            "id": f"p{number}",
            "urls": {"regular": f"https://images.unsplash.com/{number}"},
            "links": {"download_location": f"https://api.unsplash.com/photos/{number}/download"},
        }


def test_unsplash_gives_every_page_and_reports_every_use() -> None:
    service = Unsplash()
    found = list(unsplash_images("red fox", "access", httpx.MockTransport(service)))
    assert [(image.name, image.content) for image in found] == [
        ("p10.jpg", b"/10"),
        ("p11.jpg", b"/11"),
        ("p20.jpg", b"/20"),
    ]
    used = [request.url.path for request in service.asked if "download" in request.url.path]
    assert used == ["/photos/10/download", "/photos/11/download", "/photos/20/download"]
    assert service.asked[0].url.params["query"] == "red fox"


def test_the_access_key_goes_to_the_api_only() -> None:
    service = Unsplash()
    list(unsplash_images("fox", "access", httpx.MockTransport(service)))
    for request in service.asked:
        is_api = request.url.host == "api.unsplash.com"
        assert request.headers.get("Authorization") == ("Client-ID access" if is_api else None)


def test_only_what_is_taken_is_fetched() -> None:
    service = Unsplash()
    list(islice(unsplash_images("fox", "access", httpx.MockTransport(service)), 1))
    assert [request.url.host for request in service.asked].count("images.unsplash.com") == 1


@pytest.mark.parametrize(
    ("status", "complaint"),
    [(401, "refuses the access key"), (403, "hourly limit"), (500, "status 500")],
)
def test_what_unsplash_refuses_is_told(status: int, complaint: str) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(status))
    with pytest.raises(UsageProblem, match=complaint):
        next(unsplash_images("fox", "access", transport))


def test_an_unsplash_that_is_away_is_a_connection_that_failed() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    with pytest.raises(ConnectionFailed, match="Cannot connect to Unsplash"):
        next(unsplash_images("fox", "access", httpx.MockTransport(handler)))
