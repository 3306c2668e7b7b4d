"""Files with more than one picture: what a later one shows counts as much as the first."""

from __future__ import annotations

import base64
import io
import struct
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image

from engines.errors import Fault, InvalidImage
from engines.images import FurtherLimits, ImageLimits, further_pictures
from engines.images.further import spread
from engines.privacy import PrivacyConfig, PrivacyValidator
from engines.privacy.opening import Further, OpenHere
from engines.privacy.pii import PatternPii
from tests.engines.images.building import photoshop
from tests.strangers.seeing import BLUE, GREEN, RED, WHITE, ReadsBlue, SeesRed

SIZE = (64, 48)
CONTAINERS = {"GIF": {}, "PNG": {}, "WEBP": {"lossless": True}, "TIFF": {}, "MPO": {}}


def picture(color: tuple[int, int, int], size: tuple[int, int] = SIZE) -> Image.Image:
    return Image.new("RGB", size, color)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def container(kind: str, *colors: tuple[int, int, int]) -> bytes:
    first, *others = (picture(color) for color in colors)
    return encoded(first, kind, save_all=True, append_images=others, **CONTAINERS[kind])


def shades(count: int) -> list[tuple[int, int, int]]:
    return [(0, 60 + 3 * index, 0) for index in range(count)]


def types(report: Any) -> list[str]:
    return [issue.type for issue in report.issues]


@pytest.mark.parametrize("kind", CONTAINERS)
def test_an_email_on_a_later_frame_does_not_pass(judge: Any, kind: str) -> None:
    report = judge.validator().validate(container(kind, WHITE, GREEN, BLUE), "k")
    assert types(report) == ["email"]
    assert "3 of 3" in report.issues[0].message
    assert (report.text_detected, report.pii_detected, report.passed) == (True, True, False)


@pytest.mark.parametrize("kind", CONTAINERS)
def test_a_face_on_a_later_frame_is_counted(judge: Any, kind: str) -> None:
    report = judge.validator().validate(container(kind, WHITE, RED), "k")
    assert (types(report), report.faces_detected, report.passed) == (["face"], 1, False)


@pytest.mark.parametrize("kind", CONTAINERS)
def test_harmless_frames_pass(judge: Any, kind: str) -> None:
    report = judge.validator().validate(container(kind, WHITE, GREEN), "k")
    assert (report.issues, report.passed, report.privacy_score) == ((), True, 100)


def test_one_person_on_every_frame_is_one_face(judge: Any) -> None:
    report = judge.validator().validate(container("TIFF", RED, WHITE, RED), "k")
    assert (types(report), report.faces_detected) == (["face"], 1)
    assert report.issues[0].message == "A face"


def test_frames_that_were_not_looked_at_are_said_and_fail(judge: Any) -> None:
    content = container("GIF", *shades(20))
    report = judge.validator(frames={"max_frames": 5}).validate(content, "k")
    assert types(report) == ["frames_not_checked"]
    assert report.issues[0].message == "Not looked at: 15 of 20 frames"
    assert not report.passed


def test_frames_that_were_not_looked_at_pass_where_the_config_allows_it(judge: Any) -> None:
    config = {"frames": {"max_frames": 2}, "verdict": {"allow_unchecked_frames": True}}
    report = judge.validator(**config).validate(container("GIF", *shades(4)), "k")
    assert (types(report), report.passed) == (["frames_not_checked"], True)
    worse = judge.validator(**config).validate(container("GIF", *shades(3), BLUE), "k")
    assert (set(types(worse)), worse.passed) == ({"email", "frames_not_checked"}, False)


def test_of_many_frames_the_first_and_the_last_are_looked_at(judge: Any) -> None:
    content = container("WEBP", *shades(30), BLUE)
    report = judge.validator(frames={"max_frames": 3}).validate(content, "k")
    assert "frame 31 of 31" in report.issues[0].message


@pytest.mark.parametrize(("count", "most"), [(1, 1), (3, 3), (100, 7), (2, 1), (17, 16), (5, 2)])
def test_looked_at_frames_are_spread_evenly(count: int, most: int) -> None:
    chosen = spread(count, most)
    assert len(chosen) == min(count, most)
    assert chosen[0] == 0
    assert most == 1 or chosen[-1] == count - 1
    gaps = [after - before for before, after in pairwise(chosen)]
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_a_frame_seen_twice_is_looked_at_once(judge: Any) -> None:
    faces = SeesRed()
    judge.validator(faces).validate(container("TIFF", WHITE, GREEN, GREEN, WHITE), "k")
    assert len(faces.shapes) == 2


def test_a_broken_later_page_is_not_taken_for_seen(judge: Any) -> None:
    content = container("TIFF", WHITE, BLUE)
    report = judge.validator().validate(content[: len(content) - 3000], "k")
    assert "frames_not_checked" in types(report)
    assert not report.passed


def test_a_file_that_takes_too_long_is_not_taken_for_seen() -> None:
    ticks = iter(range(1000))
    found = further_pictures(
        container("GIF", *shades(9)),
        ImageLimits(),
        FurtherLimits(max_cpu_s=4.0),
        clock=lambda: float(next(ticks)),
    )
    assert 0 < len(found.pictures) < 8
    assert found.unread == [f"{8 - len(found.pictures)} of 9 frames"]


def test_large_later_pages_are_scaled_down_and_their_boxes_are_not(judge: Any) -> None:
    file = io.BytesIO()
    picture(WHITE).save(file, "TIFF", save_all=True, append_images=[picture(RED, (512, 256))])
    faces = SeesRed()
    config = {"frames": {"long_side_px": 128}}
    report = judge.validator(faces, **config).validate(file.getvalue(), "k")
    assert faces.shapes == [(48, 64, 3), (64, 128, 3)]
    assert report.issues[0].box == (16, 16, 32, 32)


def with_thumbnail(main: Image.Image, thumbnail: bytes, order: str = "<") -> bytes:
    """A JPEG whose EXIF has a second directory that points at `thumbnail`."""
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HL", 42, 8)
    empty = struct.pack(order + "HL", 0, 14)
    entries = ((0x0103, 3, 6), (0x0201, 4, 56), (0x0202, 4, len(thumbnail)))
    rows = b""
    for tag, kind, value in entries:
        number = struct.pack(order + ("HH" if kind == 3 else "L"), value, *([0] * (kind == 3)))
        rows += struct.pack(order + "HHL", tag, kind, 1) + number
    second = struct.pack(order + "H", 3) + rows + struct.pack(order + "L", 0)
    return encoded(main, exif=b"Exif\0\0" + head + empty + second + thumbnail)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_face_in_the_thumbnail_does_not_pass(judge: Any, order: str) -> None:
    content = with_thumbnail(picture(WHITE), encoded(picture(RED)), order)
    report = judge.validator().validate(content, "k")
    assert (types(report), report.faces_detected) == (["face"], 1)
    assert report.issues[0].message == "A face (thumbnail)"


def test_a_thumbnail_that_shows_what_the_picture_shows_adds_nothing(judge: Any) -> None:
    plain = judge.validator().validate(encoded(picture(RED)), "k")
    report = judge.validator().validate(with_thumbnail(picture(RED), encoded(picture(RED))), "k")
    assert (types(report), report.privacy_score) == (["face"], plain.privacy_score)


def test_a_thumbnail_of_plain_pixels_is_looked_at(judge: Any) -> None:
    """EXIF allows strips in place of a JPEG: then its second directory is a TIFF page."""
    pages = encoded(picture(WHITE), "TIFF", save_all=True, append_images=[picture(RED, (16, 12))])
    report = judge.validator().validate(encoded(picture(WHITE), exif=b"Exif\0\0" + pages), "k")
    assert types(report) == ["face"]


def test_a_thumbnail_that_cannot_be_read_is_said(judge: Any) -> None:
    content = with_thumbnail(picture(WHITE), encoded(picture(RED))[:200])
    report = judge.validator().validate(content, "k")
    assert (types(report), report.passed) == (["frames_not_checked"], False)


def test_photoshops_thumbnail_is_looked_at(judge: Any) -> None:
    block = photoshop((0x040C, b"\0" * 28 + encoded(picture(RED))))
    segment = b"Photoshop 3.0\0" + block
    plain = encoded(picture(WHITE))
    content = plain[:2] + struct.pack(">HH", 0xFFED, len(segment) + 2) + segment + plain[2:]
    assert types(judge.validator().validate(content, "k")) == ["face"]


def test_xmps_thumbnail_is_looked_at(judge: Any) -> None:
    digits = base64.b64encode(encoded(picture(RED))).decode()
    lines = "&#xA;".join(digits[at : at + 76] for at in range(0, len(digits), 76))
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><image xmlns="http://ns.adobe.com/xap/1.0/g/img/">'
        f"{lines}</image></x:xmpmeta>"
    )
    report = judge.validator().validate(encoded(picture(WHITE), xmp=packet.encode()), "k")
    assert "face" in types(report)


def test_the_place_in_the_second_picture_of_a_phone_is_found(judge: Any) -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 29.0), 3: "E", 4: (2.0, 17.0, 40.0)}
    content = encoded(picture(WHITE)) + encoded(picture(GREEN), exif=exif)
    report = judge.validator().validate(content, "k")
    assert types(report) == ["gps_location"]
    assert "picture 2 of 2" in report.issues[0].message


def test_a_film_behind_the_picture_is_not_taken_for_seen(judge: Any) -> None:
    film = struct.pack(">L4s4s", 24, b"ftyp", b"mp42") + b"\0" * 12
    report = judge.validator().validate(encoded(picture(WHITE)) + film, "k")
    assert (types(report), report.passed) == (["frames_not_checked"], False)
    assert "film" in report.issues[0].message


def test_a_picture_beside_the_pages_of_a_tiff_is_looked_at(judge: Any) -> None:
    """A directory that only the entry SubIFDs names, as cameras keep their previews."""
    pages = bytearray(encoded(picture(WHITE), "TIFF", save_all=True, append_images=[picture(RED)]))
    at = struct.unpack_from("<L", pages, 4)[0]
    count = struct.unpack_from("<H", pages, at)[0]
    link = at + 2 + 12 * count
    second = struct.unpack_from("<L", pages, link)[0]
    pages[link : link + 4] = b"\0" * 4
    last = link - 12  # its last entry becomes SubIFDs
    assert struct.unpack_from("<H", pages, last)[0] > 0x0117, "an entry that can be spared"
    struct.pack_into("<HHLL", pages, last, 0x014A, 4, 1, second)
    assert types(judge.validator().validate(bytes(pages), "k")) == ["face"]


def test_checks_switched_off_leave_no_frame_unchecked(judge: Any) -> None:
    content = container("GIF", *shades(20))
    report = judge.validator(frames={"max_frames": 2}).validate(content, "k", False, False)
    assert (report.issues, report.passed) == ((), True)


@pytest.mark.parametrize("kind", CONTAINERS)
def test_an_anonymized_copy_has_one_picture_and_no_thumbnail(judge: Any, kind: str) -> None:
    clean = judge.validator().anonymize(container(kind, WHITE, RED, BLUE), "k", "blur")
    with Image.open(io.BytesIO(clean)) as image:
        assert (image.format, getattr(image, "n_frames", 1)) == ("PNG", 1)
        assert (dict(image.getexif()), set(image.info)) == ({}, set())
    assert judge.validator().validate(clean, "k").issues == ()


def test_an_anonymized_copy_keeps_no_thumbnail(judge: Any) -> None:
    content = with_thumbnail(picture(WHITE), encoded(picture(RED)))
    clean = judge.validator().anonymize(content, "k", "box")
    assert b"\xff\xd8\xff" not in clean
    assert judge.validator().validate(clean, "k").issues == ()


class DiesLater(OpenHere):
    """Opens first pictures only, as a worker process that is killed while it reads frames."""

    def further(self, content: bytes) -> Further:
        raise InvalidImage(Fault("image", None, "time within the limit", "takes too long to read"))


def test_frames_whose_reading_was_stopped_are_said_and_fail(judge: Any) -> None:
    pii = PatternPii(())
    opener = DiesLater(ImageLimits(), PrivacyConfig(), pii)
    validator = PrivacyValidator(
        PrivacyConfig(), ImageLimits(), SeesRed(), ReadsBlue(), pii, opener=opener
    )
    report = validator.validate(container("GIF", WHITE, RED), "k")
    assert (types(report), report.passed) == (["frames_not_checked"], False)
    assert report.faces_detected == 0
