"""Pictures on this machine: PNG parts, folders, and frames of films and cameras."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inferloop_synthdata.atomic_file import AtomicFile
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.marks import png
from inferloop_synthdata.sources.images import begins_like_an_image, folder_images, s3_images
from inferloop_synthdata.sources.video import live_frames, video_file_frames


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))


def itxt(keyword: str, value: str) -> bytes:
    return chunk(b"iTXt", keyword.encode("latin-1") + b"\0\0\0\0\0" + value.encode())


WHOLE = png.MAGIC + chunk(b"IHDR", b"x" * 13) + itxt("recipe", "{狐}") + chunk(b"IEND")


# Parts of a PNG


def test_all_parts_of_a_png_are_found_and_their_words_read() -> None:
    assert [each.kind for each in png.chunks(WHOLE)] == [b"IHDR", b"iTXt", b"IEND"]
    assert png.is_intact(WHOLE)
    assert png.text(WHOLE) == {"recipe": "{狐}"}


@pytest.mark.parametrize(
    "other",
    [
        chunk(b"tEXt", b"recipe\0{}"),
        chunk(b"zTXt", b"recipe\0\0" + zlib.compress(b"{}")),
        chunk(b"iTXt", b"recipe\0\1\0\0\0" + zlib.compress(b"{}")),
        chunk(b"iTXt", b"recipe\0\0\0de\0Rezept\0{}"),
        chunk(b"iTXt", b"recipe\0"),
        itxt("recipe", "{}")[:-4] + b"\0\0\0\0",
    ],
    ids=["tEXt", "zTXt", "compressed", "in a language", "ends early", "wrong checksum"],
)
def test_only_text_as_this_service_writes_it_is_read(other: bytes) -> None:
    content = png.MAGIC + chunk(b"IHDR", b"x" * 13) + other + chunk(b"IEND")
    assert png.text(content) == {}
    assert png.text(content[: -len(chunk(b"IEND"))] + WHOLE[len(png.MAGIC) :])["recipe"] == "{狐}"


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_png_that_is_cut_is_not_intact_and_never_an_error(length: int) -> None:
    assert not png.is_intact(WHOLE[:length])
    assert png.text(WHOLE[:length]) in ({}, {"recipe": "{狐}"})


@pytest.mark.parametrize("place", range(len(png.MAGIC), len(WHOLE), 3))
def test_a_changed_byte_is_seen(place: int) -> None:
    changed = WHOLE[:place] + bytes([WHOLE[place] ^ 0x55]) + WHOLE[place + 1 :]
    assert not png.is_intact(changed)


@pytest.mark.parametrize("content", [b"", b"GIF89a", png.MAGIC, WHOLE + b"\0", b"\0" + WHOLE])
def test_what_is_no_png_or_more_than_one_is_not_intact(content: bytes) -> None:
    assert not png.is_intact(content)


# Folders


@pytest.mark.parametrize(
    ("content", "image"),
    [
        *((b"\x89PNG", True), (b"\xff\xd8\xff\xe0", True), (b"GIF89a", True), (b"RIFF", True)),
        *((b"BM", True), (b"II*\0", True), (b"\0\0\0\x20ftypheic", True)),
        *((b"", False), (b"\x89PN", False), (b"text", False), (b"PK\x03\x04", False)),
    ],
)
def test_a_file_is_told_by_its_first_bytes(content: bytes, image: bool) -> None:
    assert begins_like_an_image(content) is image


def test_a_folder_gives_its_images_in_order_and_says_what_it_leaves(tmp_path: Path) -> None:
    for name, content in (
        *(("b.PNG", b"x"), ("a.jpg", b""), ("sub/c.webp", b"x"), ("noname", b"\x89PNG")),
        *((".hidden/d.png", b"x"), ("._a.jpg", b"x"), ("notes.txt", b"x"), ("data.bin", b"zzz")),
        ("ünder.bin", b"zzz"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    left: list[str] = []
    assert [each.name for each in folder_images(tmp_path, left.append)] == [
        *("a.jpg", "b.PNG", "noname", "c.webp")
    ]
    assert left == ["data.bin", r"\xfcnder.bin"]


@pytest.mark.parametrize("name", ["absent", "file.png"])
def test_what_is_no_folder_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.png").write_bytes(b"x")
    with pytest.raises(UsageProblem, match="not a folder"):
        list(folder_images(tmp_path / name))


@pytest.mark.parametrize("uri", ["", "photos", "s3:", "s3://", "http://photos/a", "/photos"])
def test_what_is_no_bucket_is_said_before_anything_is_loaded(uri: str) -> None:
    def load(name: str) -> Any:
        raise AssertionError(name)

    with pytest.raises(UsageProblem, match="not an S3 address"):
        list(s3_images(uri, load=load))


# Films and cameras


class Film:
    """OpenCV over numbers in place of frames: the seam that the command line has for tests."""

    CAP_PROP_FPS, CAP_FFMPEG, IMWRITE_JPEG_QUALITY = 5, 1900, 1
    CAP_PROP_OPEN_TIMEOUT_MSEC, CAP_PROP_READ_TIMEOUT_MSEC = 53, 54

    def __init__(self, frames: int, rate: float, on_grab: Callable[[], None] | None = None) -> None:
        self.frames, self.rate, self.on_grab = frames, rate, on_grab
        self.place, self.released, self.opened = 0, False, []  # type: ignore[var-annotated]

    def VideoCapture(self) -> Film:  # noqa: N802
        return self

    def open(self, *source: object) -> bool:
        self.opened.append(source)
        return self.frames > 0

    def get(self, prop: int) -> float:
        return self.rate

    def grab(self) -> bool:
        self.place += 1
        if self.on_grab is not None:
            self.on_grab()
        return self.place <= self.frames

    def retrieve(self) -> tuple[bool, int]:
        return True, self.place - 1

    def imencode(self, suffix: str, frame: int, options: list[int]) -> tuple[bool, Any]:
        return True, memoryview(str(frame).encode())

    def release(self) -> None:
        self.released = True


def taken(found: Any) -> list[int]:
    return [int(each.content) for each in found]


@pytest.mark.parametrize(
    ("rate", "every_s", "frames"),
    [
        (10, 1.0, [0, 10, 20]),
        (10, 0.25, [0, 3, 5, 8, 10, 13, 15, 18, 20, 23]),
        (10, 100.0, [0]),
        (0, 0.5, [0, 13]),
    ],
)
def test_a_film_gives_a_frame_for_each_of_its_seconds(
    rate: float, every_s: float, frames: list[int]
) -> None:
    film = Film(25, rate)
    assert taken(video_file_frames(film, "a.mp4", every_s)) == frames
    assert film.released


def test_a_film_that_cannot_be_opened_is_said_and_let_go() -> None:
    film = Film(0, 10)
    with pytest.raises(UsageProblem, match=r"cannot open video file a\.mp4"):
        list(video_file_frames(film, "a.mp4", 1))
    assert film.released


def test_a_camera_gives_what_it_sees_when_the_time_has_come() -> None:
    now = 0.0

    def tick() -> None:
        nonlocal now
        now += 0.5

    film = Film(9, 0, tick)
    assert taken(live_frames(film, 0, 2.0, lambda: now)) == [0, 4, 8]


def test_the_password_of_a_stream_is_in_no_message() -> None:
    film = Film(0, 0)
    with pytest.raises(UsageProblem, match="cannot open RTSP stream") as failed:
        list(live_frames(film, "rtsp://ann:secret@host/1", 1.0, lambda: 0.0))
    assert "secret" not in str(failed.value)
    assert film.opened[0][1] == Film.CAP_FFMPEG  # with its time limits


# Files that appear whole


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"old")
    with AtomicFile(target) as file:
        file.write(b"ne")
        file.write(b"w")
        assert target.read_bytes() == b"old"
        file.publish()
    assert target.read_bytes() == b"new"
    with pytest.raises(RuntimeError), AtomicFile(target) as file:
        raise RuntimeError("cut")
    assert [each.name for each in tmp_path.iterdir()] == ["a.png"]


def test_two_that_write_one_file_do_not_mix(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    with AtomicFile(target) as one, AtomicFile(target) as other:
        one.write(b"one")
        other.write(b"other")
        one.publish()
        other.publish()
    assert target.read_bytes() == b"other"
