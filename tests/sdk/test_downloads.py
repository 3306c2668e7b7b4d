"""Downloads are whole or absent, whatever happens on the way."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

import inferloop_synthdata as sdk
from inferloop_synthdata.atomic_file import AtomicFile
from tests.sdk.conftest import Caller

PICTURE = bytes(range(256)) * 4096
"""1 MiB: more than one chunk."""


class CutStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Half a picture, then the connection breaks."""

    def __iter__(self) -> Iterator[bytes]:
        yield PICTURE[: len(PICTURE) // 2]
        raise httpx.ReadError("cut")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield PICTURE[: len(PICTURE) // 2]
        raise httpx.ReadError("cut")


def whole(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=PICTURE)


@pytest.mark.parametrize(
    ("method", "endpoint"), [("download_image", "images"), ("download_export", "exports")]
)
def test_a_download_lands_in_the_file(
    caller: Caller, tmp_path: Path, method: str, endpoint: str
) -> None:
    target = tmp_path / "a.png"
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return whole(request)

    assert caller.call(handler, method, "/data/generated/x y.png", to=target) == target
    assert target.read_bytes() == PICTURE
    assert seen[0].path == f"/api/v1/{endpoint}"
    assert dict(seen[0].params) == {"path": "/data/generated/x y.png"}
    assert os.listdir(tmp_path) == ["a.png"]


def test_into_a_folder_under_its_own_name(caller: Caller, tmp_path: Path) -> None:
    saved = caller.call(
        whole, "download_image", "/data/generated/set/image_7.png", to=str(tmp_path)
    )
    assert saved == tmp_path / "image_7.png"
    assert saved.read_bytes() == PICTURE


def test_a_cut_download_is_begun_again(caller: Caller, tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    answers = [httpx.Response(200, stream=CutStream()), httpx.Response(200, content=PICTURE)]
    caller.call(
        lambda request: answers.pop(0), "download_image", "/data/generated/a.png", to=target
    )
    assert target.read_bytes() == PICTURE
    assert os.listdir(tmp_path) == ["a.png"]


def test_what_was_there_stays_when_the_download_fails(caller: Caller, tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"before")

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=CutStream())

    with pytest.raises(sdk.ConnectionFailed):
        caller.call(handler, "download_image", "/data/generated/a.png", to=target)
    assert target.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["a.png"]


def test_an_error_makes_no_file(caller: Caller, tmp_path: Path) -> None:
    envelope = {"error": {"code": "NOT_FOUND", "message": "Image not found", "details": {}}}
    with pytest.raises(sdk.NotFound):
        caller.call(
            lambda request: httpx.Response(404, json=envelope),
            "download_image",
            "/data/generated/a.png",
            to=tmp_path / "a.png",
        )
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_an_os_error(caller: Caller, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        caller.call(whole, "download_image", "/data/generated/a.png", to=tmp_path / "no" / "a.png")


def test_a_file_that_is_not_published_leaves_no_trace(tmp_path: Path) -> None:
    target = tmp_path / "a"

    def write_and_fail() -> None:
        with AtomicFile(target) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert os.listdir(tmp_path) == []


def test_a_published_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    with AtomicFile(tmp_path / "a") as file:
        file.publish()
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode
