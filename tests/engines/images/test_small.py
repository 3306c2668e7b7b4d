"""Small copies: their size, their format, and the ring that keeps the newest."""

from __future__ import annotations

import io
import threading

import pytest
from PIL import Image

from engines.errors import InvalidImage
from engines.images import ImageLimits
from engines.images.small import KeptPictures, small_webp

LIMITS = ImageLimits()


def picture(width: int, height: int, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image = Image.new("RGB", (width, height), (200, 30, 30))
    image.putpixel((0, 0), (0, 0, 255))
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((512, 512), (128, 128)),
        ((800, 200), (128, 32)),
        ((200, 800), (32, 128)),
        ((900, 2), (128, 1)),
    ],
)
def test_the_longer_side_is_what_was_asked_for(
    size: tuple[int, int], small: tuple[int, int]
) -> None:
    found = Image.open(io.BytesIO(small_webp(picture(*size), 128, LIMITS)))
    assert (found.format, found.size) == ("WEBP", small)


def test_a_small_image_is_not_blown_up() -> None:
    assert Image.open(io.BytesIO(small_webp(picture(40, 30), 128, LIMITS))).size == (40, 30)


def test_a_photo_that_lies_on_its_side_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = Image.open(io.BytesIO(small_webp(picture(80, 40, "JPEG", exif=exif), 64, LIMITS)))
    assert found.size == (32, 64)
    assert "exif" not in found.info


@pytest.mark.parametrize("content", [b"", b"x" * 99, picture(64, 64)[:60]])
def test_what_is_no_image_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidImage):
        small_webp(content, 64, LIMITS)


class TestKeptPictures:
    def test_what_was_put_comes_back(self) -> None:
        kept = KeptPictures(100)
        kept.put("a", b"one")
        kept.put("b", b"two")
        kept.put("a", b"new")
        assert (kept.get("a"), kept.get("b"), kept.get("c")) == (b"new", b"two", None)

    def test_the_newest_takes_the_place_of_the_oldest(self) -> None:
        kept = KeptPictures(10)
        for number in range(7):
            kept.put(str(number), bytes([number]) * 3)
        found = {str(number): kept.get(str(number)) for number in range(7)}
        there = {name: content for name, content in found.items() if content is not None}
        assert there == {str(n): bytes([n]) * 3 for n in (4, 5, 6)}

    def test_sizes_of_every_kind_never_mix(self) -> None:
        kept = KeptPictures(64)
        for number in range(500):
            size = (number * 37) % 40 + 1
            kept.put(str(number), bytes([number % 251]) * size)
            for name in map(str, range(max(0, number - 70), number + 1)):
                content = kept.get(name)
                assert content is None or set(content) == {int(name) % 251}
            assert kept.get(str(number)) is not None

    def test_what_is_larger_than_the_ring_is_not_kept(self) -> None:
        kept = KeptPictures(10)
        kept.put("a", b"x" * 10)
        kept.put("b", b"x" * 11)
        assert (kept.get("a"), kept.get("b")) == (b"x" * 10, None)

    @pytest.mark.parametrize("content", [b"", b"x" * 11], ids=["empty", "too large"])
    def test_what_cannot_be_kept_takes_the_place_of_what_was(self, content: bytes) -> None:
        """An old picture under the name of a new one would be a wrong one."""
        kept = KeptPictures(10)
        kept.put("a", b"old")
        kept.put("b", b"other")
        kept.put("a", content)
        assert (kept.get("a"), kept.get("b")) == (None, b"other")

    def test_pictures_behind_an_empty_one_are_not_mixed_up(self) -> None:
        kept = KeptPictures(6)
        for name, content in (("a", b""), ("b", b"bbbb"), ("c", b"cccc"), ("d", b"dd")):
            kept.put(name, content)
        assert [kept.get(name) for name in "abcd"] == [None, None, b"cccc", b"dd"]

    def test_what_is_forgotten_is_not_handed_out(self) -> None:
        kept = KeptPictures(100)
        for name in ("x/1", "x/2", "y/1"):
            kept.put(name, b"z")
        kept.forget("x/")
        assert [kept.get(name) for name in ("x/1", "x/2", "y/1")] == [None, None, b"z"]

    def test_threads_get_what_they_put(self) -> None:
        kept, wrong = KeptPictures(1000), []

        def work(own: int) -> None:
            for number in range(50):
                kept.put(f"{own}-{number}", bytes([own]) * 30)
                content = kept.get(f"{own}-{number}")
                if content is not None and set(content) != {own}:
                    wrong.append(content)

        threads = [threading.Thread(target=work, args=(own,)) for own in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
