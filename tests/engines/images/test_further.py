"""Pictures behind the first: which are found, what they are called, and where looking ends."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from engines.errors import InvalidImage
from engines.images import FurtherLimits, FurtherPictures, ImageLimits, decode, further_pictures
from tests.engines.images.building import chunk, encoded, jpeg, photoshop, picture, png

LIMITS = ImageLimits()
XMP = b"http://ns.adobe.com/xap/1.0/\0"


def further(content: bytes, **limits: int) -> FurtherPictures:
    return further_pictures(content, LIMITS, FurtherLimits.model_validate(limits))


def plain(level: int, width: int = 24, height: int = 16) -> Image.Image:
    return Image.new("RGB", (width, height), (level, level, level))


def exif_with(thumbnail: bytes) -> bytes:
    """An EXIF block whose second directory says where its JPEG lies (CIPA DC-008, 4.5.8)."""
    start = 8 + 6 + 2 + 24 + 4
    entries = struct.pack("<HHLL", 0x0201, 4, 1, start)
    entries += struct.pack("<HHLL", 0x0202, 4, 1, len(thumbnail))
    first = b"II*\0" + struct.pack("<LHL", 8, 0, 14)
    return first + struct.pack("<H", 2) + entries + b"\0" * 4 + thumbnail


def page(at: int, level: int, *extra: tuple[int, int], following: int = 0) -> bytes:
    """The TIFF directory at this position of a gray picture, 4 pixels a side, which lie behind."""
    pixels_at = at + 2 + 12 * (9 + len(extra)) + 4
    known = [(256, 4), (257, 4), (258, 8), (259, 1), (262, 1), (277, 1), (278, 4), (279, 16)]
    entries = sorted([*known, (273, pixels_at), *extra])
    rows = (struct.pack("<HHLL", tag, 4, 1, value) for tag, value in entries)
    directory = struct.pack("<H", len(entries)) + b"".join(rows) + struct.pack("<L", following)
    return directory + bytes([level]) * 16


THUMBNAIL = encoded(plain(40, 12, 8), "JPEG")
WITH_A_THUMBNAIL = {
    "EXIF": jpeg((0xE1, b"Exif\0\0" + exif_with(THUMBNAIL))),
    "EXIF, plain pixels": jpeg(
        (
            0xE1,
            b"Exif\0\0"
            + encoded(plain(200), "TIFF", save_all=True, append_images=[plain(40, 12, 8)]),
        )
    ),
    "Photoshop": jpeg((0xED, b"Photoshop 3.0\0" + photoshop((0x040C, b"\0" * 28 + THUMBNAIL)))),
    "XMP": jpeg((0xE1, XMP + b"<x>" + base64.b64encode(THUMBNAIL) + b"</x>")),
    "XMP with line breaks": jpeg((0xE1, XMP + base64.encodebytes(THUMBNAIL))),
    "EXIF of a PNG": png(chunk(b"eXIf", exif_with(THUMBNAIL))),
}


@pytest.mark.parametrize("place", WITH_A_THUMBNAIL)
def test_a_thumbnail_is_found_wherever_it_lies(place: str) -> None:
    content = WITH_A_THUMBNAIL[place]
    assert decode(content, LIMITS).has_more
    found = further(content)
    assert [(each.name, each.scale) for each in found.pictures] == [("thumbnail", 1)]
    assert found.pictures[0].pixels.shape == (8, 12, 3)
    assert np.abs(found.pictures[0].pixels.astype(int) - 40).max() < 3
    assert found.unread == []


@pytest.mark.parametrize("most", [0, 1, 2, 3])
def test_so_many_thumbnails_are_looked_at_and_the_others_told(most: int) -> None:
    smalls = [encoded(plain(level, 12, 8), "JPEG") for level in (20, 120, 220)]
    resources = [(0x040C, b"\0" * 28 + small) for small in smalls]
    content = jpeg((0xED, b"Photoshop 3.0\0" + photoshop(*resources)))
    found = further(content, max_thumbnails=most)
    assert len(found.pictures) == most
    assert found.unread == ([f"{3 - most} of 3 thumbnails"] if most < 3 else [])


def test_a_thumbnail_that_is_no_picture_is_told() -> None:
    content = jpeg((0xED, b"Photoshop 3.0\0" + photoshop((0x040C, b"\0" * 28 + b"no JPEG"))))
    assert further(content) == FurtherPictures([], ["a thumbnail"])


def test_a_thumbnail_of_nothing_but_zeros_is_room_for_one() -> None:
    content = jpeg((0xED, b"Photoshop 3.0\0" + photoshop((0x040C, b"\0" * 60))))
    assert further(content) == FurtherPictures([], [])
    assert not decode(content, LIMITS).has_more


class TestBehindAJpeg:
    def test_pictures_behind_it_are_numbered(self) -> None:
        content = b"".join(encoded(plain(level), "JPEG") for level in (10, 110, 210))
        found = further(content)
        assert [each.name for each in found.pictures] == ["picture 2 of 3", "picture 3 of 3"]
        assert [int(each.pixels.mean().round(-1)) for each in found.pictures] == [110, 210]

    def test_what_they_say_of_themselves_is_handed_out(self) -> None:
        """A second picture may name a place that the first does not."""
        told = jpeg((0xFE, b"at home"))
        found = further(encoded(plain(10), "JPEG") + told)
        assert found.pictures[0].metadata.texts == (("Comment", "at home"),)

    def test_a_broken_one_is_told_and_the_next_is_read(self) -> None:
        whole = encoded(picture(64, 64), "JPEG")
        broken = bytearray(encoded(plain(10), "JPEG"))
        at = broken.index(b"\xff\xc0") + 5
        broken[at : at + 4] = b"\xff\xff\xff\xff"  # claims 65,535 pixels a side
        found = further(whole + bytes(broken) + encoded(plain(210), "JPEG"))
        assert [each.name for each in found.pictures] == ["picture 3 of 3"]
        assert found.unread == ["picture 2 of 3"]

    def test_of_many_the_last_is_among_those_looked_at(self) -> None:
        content = b"".join(encoded(plain(level), "JPEG") for level in range(0, 250, 25))
        found = further(content, max_frames=3)
        assert len(found.pictures) == 2
        assert found.pictures[-1].name == "picture 10 of 10"
        assert found.unread == ["7 of 10 pictures"]

    def test_a_film_is_told(self) -> None:
        found = further(encoded(plain(10), "JPEG") + b"\0\0\0\x18ftypmp42" + b"\0" * 12)
        assert found == FurtherPictures([], ["a film behind the picture"])

    def test_one_picture_and_padding_are_one_picture(self) -> None:
        assert further(encoded(plain(10), "JPEG") + b"\0" * 99) == FurtherPictures([], [])


class TestPagesAndFrames:
    def test_pages_of_a_tiff_are_called_so(self) -> None:
        content = encoded(plain(10), "TIFF", save_all=True, append_images=[plain(90), plain(200)])
        found = further(content)
        assert [each.name for each in found.pictures] == ["page 2 of 3", "page 3 of 3"]

    def test_a_picture_beside_the_pages_is_found(self) -> None:
        """A directory of its own that no page follows: where raw files keep their preview."""
        aside = len(page(8, 50, (330, 0))) + 8
        content = b"II*\0" + struct.pack("<L", 8) + page(8, 50, (330, aside)) + page(aside, 170)
        assert decode(content, LIMITS).pixels.mean() == 50
        assert decode(content, LIMITS).has_more
        found = further(content)
        assert [each.name for each in found.pictures] == ["thumbnail"]
        assert found.pictures[0].pixels.mean() == 170

    @pytest.mark.parametrize("side", [128, 200, 400])
    def test_large_ones_are_scaled_down_and_say_by_how_much(self, side: int) -> None:
        content = encoded(plain(10), "TIFF", save_all=True, append_images=[plain(90, 400, 100)])
        found = further(content, long_side_px=side).pictures[0]
        assert found.pixels.shape == (side // 4, side, 3)
        assert found.scale == 400 / side

    def test_turned_pictures_have_turned_frames(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        frames = [picture(20, 12), picture(20, 12).rotate(180)]
        content = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:], exif=exif)
        assert decode(content, LIMITS).pixels.shape == (20, 12, 3)
        assert further(content).pictures[0].pixels.shape == (20, 12, 3)

    def test_the_first_picture_shown_again_is_no_further_one(self) -> None:
        frames = [plain(10), plain(90), plain(10), plain(90)]
        content = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])
        assert [each.name for each in further(content).pictures] == ["page 2 of 4"]

    def test_frames_that_cannot_be_counted_are_told(self) -> None:
        """The first is whole and is judged; nobody knows what the others show."""
        frames = [plain(10), plain(90), plain(200)]
        content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
        before, mark, behind = content.rpartition(b"\x21\xf9\x04")
        broken = before + mark[:2] + b"\x01" + behind
        assert decode(broken, LIMITS).has_more
        assert further(broken) == FurtherPictures([], ["frames"])

    def test_pages_that_cannot_be_counted_are_told(self) -> None:
        second = 8 + len(page(8, 50))
        first = page(8, 50, following=second)
        broken = page(second, 170).replace(
            struct.pack("<HHLL", 277, 4, 1, 1), struct.pack("<HHLL", 277, 4, 1, 2048)
        )
        content = b"II*\0" + struct.pack("<L", 8) + first + broken
        assert decode(content, LIMITS).pixels.mean() == 50
        assert further(content) == FurtherPictures([], ["pages"])

    def test_the_time_for_all_is_shared(self) -> None:
        """The clock is read once at the start and before each picture."""
        frames = [plain(20 * n) for n in range(6)]
        content = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])

        def ticks() -> Iterator[float]:
            yield from (0.0, 1.0, 2.0, 3.0)
            while True:
                yield 100.0

        clock = ticks()
        found = further_pictures(content, LIMITS, FurtherLimits(), lambda: next(clock))
        assert len(found.pictures) == 3
        assert found.unread == ["2 of 6 pages"]

    def test_a_file_that_is_refused_is_refused_here_too(self) -> None:
        for content in (b"", b"text", b"<svg/>"):
            with pytest.raises(InvalidImage):
                further(content)
