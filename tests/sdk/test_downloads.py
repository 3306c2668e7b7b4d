"""Downloads are whole or absent, whatever happens on the way."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

import inferloop_synthdata as sdk
from inferloop_synthdata.atomic_file import AtomicFile
from inferloop_synthdata.continued_file import ContinuedFile
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


class Exports:
    """A server that cuts each answer after so many bytes, and understands ranges."""

    def __init__(self, content: bytes, cut_after: int, etag: str = '"v1"') -> None:
        self.content, self.cut_after, self.etag = content, cut_after, etag
        self.asked: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = request.headers.get("range")
        self.asked.append(asked)
        start = 0
        if asked is not None and request.headers["if-range"] == self.etag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(self.content):
            return httpx.Response(416, json={"error": {"code": "INVALID_PARAMETERS"}})
        rest = self.content[start:]
        headers = {"ETag": self.etag, "Content-Length": str(len(rest))}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        part = rest if len(rest) <= self.cut_after else Cut(rest[: self.cut_after])
        if isinstance(part, bytes):
            return httpx.Response(206 if start else 200, headers=headers, content=part)
        return httpx.Response(206 if start else 200, headers=headers, stream=part)


class Cut(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Some bytes, then the connection breaks."""

    def __init__(self, sent: bytes) -> None:
        self._sent = sent

    def __iter__(self) -> Iterator[bytes]:
        yield self._sent
        raise httpx.ReadError("cut")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._sent
        raise httpx.ReadError("cut")


EXPORT = "/data/exports/birds.parquet"


def test_an_export_goes_on_where_it_was_cut(caller: Caller, tmp_path: Path) -> None:
    server = Exports(PICTURE, len(PICTURE) // 3)
    caller.call(server, "download_export", EXPORT, to=tmp_path)
    third = len(PICTURE) // 3
    asked = [None, f"bytes={third}-", f"bytes={2 * third}-", f"bytes={3 * third}-"]
    assert server.asked == asked
    assert (tmp_path / "birds.parquet").read_bytes() == PICTURE
    assert os.listdir(tmp_path) == ["birds.parquet"]


def cut_for_good(caller: Caller, folder: Path, server: Exports) -> Path:
    """What is kept of a download that was cut until its caller gave up."""
    with pytest.raises(sdk.ConnectionFailed):
        caller.call(server, "download_export", EXPORT, to=folder)
    (kept,) = (each for each in folder.iterdir() if each.suffix == ".part")
    return kept


def test_a_later_call_goes_on_too(caller: Caller, tmp_path: Path) -> None:
    (tmp_path / "birds.parquet").write_bytes(b"before")
    kept = cut_for_good(caller, tmp_path, Exports(PICTURE, 1000))
    assert kept.read_bytes() == PICTURE[:4000]
    assert (tmp_path / "birds.parquet").read_bytes() == b"before"
    later = Exports(PICTURE, len(PICTURE))
    caller.call(later, "download_export", EXPORT, to=tmp_path)
    assert later.asked == ["bytes=4000-"]
    assert (tmp_path / "birds.parquet").read_bytes() == PICTURE
    assert os.listdir(tmp_path) == ["birds.parquet"]


def test_another_version_begins_anew(caller: Caller, tmp_path: Path) -> None:
    cut_for_good(caller, tmp_path, Exports(PICTURE, 1000))
    other = Exports(PICTURE[::-1], len(PICTURE), etag='"v2"')
    caller.call(other, "download_export", EXPORT, to=tmp_path)
    assert (tmp_path / "birds.parquet").read_bytes() == PICTURE[::-1]
    assert os.listdir(tmp_path) == ["birds.parquet"]


def test_what_is_longer_than_the_file_is_forgotten(caller: Caller, tmp_path: Path) -> None:
    kept = cut_for_good(caller, tmp_path, Exports(PICTURE, 1000))
    kept.write_bytes(PICTURE + b"more")
    server = Exports(PICTURE, len(PICTURE))
    caller.call(server, "download_export", EXPORT, to=tmp_path)
    assert server.asked == [f"bytes={len(PICTURE) + 4}-", None]
    assert (tmp_path / "birds.parquet").read_bytes() == PICTURE


@pytest.mark.parametrize("etag", ["", 'W/"v1"'])
def test_of_a_server_that_names_no_version_nothing_is_kept(
    caller: Caller, tmp_path: Path, etag: str
) -> None:
    server = Exports(PICTURE, 1000, etag)
    with pytest.raises(sdk.ConnectionFailed):
        caller.call(server, "download_export", EXPORT, to=tmp_path)
    assert set(server.asked) == {None}
    assert os.listdir(tmp_path) == []


def test_another_part_than_the_rest_is_refused(caller: Caller, tmp_path: Path) -> None:
    kept = cut_for_good(caller, tmp_path, Exports(PICTURE, 1000))
    wrong = {"Content-Range": f"bytes 7-9/{len(PICTURE)}", "ETag": '"v1"'}
    with pytest.raises(sdk.UnexpectedAnswer):
        caller.call(
            lambda request: httpx.Response(206, headers=wrong, content=b"abc"),
            "download_export",
            EXPORT,
            to=tmp_path,
        )
    assert not kept.exists()
    assert os.listdir(tmp_path) == []


def test_an_error_leaves_what_was_kept_and_what_is_no_draft(caller: Caller, tmp_path: Path) -> None:
    kept = cut_for_good(caller, tmp_path, Exports(PICTURE, 1000))
    notes = tmp_path / ".birds.parquet.my notes.part"
    notes.write_text("mine")
    envelope = {"error": {"code": "FORBIDDEN", "message": "no", "details": {}}}
    with pytest.raises(sdk.Forbidden):
        caller.call(
            lambda request: httpx.Response(403, json=envelope),
            "download_export",
            EXPORT,
            to=tmp_path,
        )
    assert kept.read_bytes() == PICTURE[:4000]
    assert notes.read_text() == "mine"


def test_two_at_once_never_write_into_one_draft(caller: Caller, tmp_path: Path) -> None:
    cut_for_good(caller, tmp_path, Exports(PICTURE, 1000))
    target = tmp_path / "birds.parquet"
    with ContinuedFile(target) as one, ContinuedFile(target) as other:
        assert (one.size_bytes, other.size_bytes) == (4000, 0)
        assert other.headers() == {}


def test_a_name_too_long_for_a_draft_keeps_none(tmp_path: Path) -> None:
    with ContinuedFile(tmp_path / "a") as file:
        file.begin(200, {"etag": '"' + "e" * 300 + '"'})
        file.write(b"half")
    assert os.listdir(tmp_path) == []
