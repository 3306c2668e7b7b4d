"""HEIC and AVIF, as phones and browsers write them: read, judged, and bounded before decoding."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from engines.errors import InvalidImage
from engines.images import (
    FurtherLimits,
    ImageLimits,
    decode,
    further_pictures,
    probe,
    read_pixels,
    verify,
)
from engines.images.codecs import missing_codec
from engines.images.containers import check, sniff
from engines.sandbox import Sandbox, SandboxLimits
from engines.types.image_formats import IMAGE_MEDIA_TYPES, SUFFIX_BY_FORMAT
from tests.strangers.seeing import BLUE, GREEN, RED, WHITE
from tests.strangers.test_later_pictures import types

KINDS = ("HEIF", "AVIF")
LIMITS = ImageLimits()
PLACE = {1: "N", 2: (48.0, 51.0, 29.0), 3: "E", 4: (2.0, 17.0, 40.0)}
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>'
    b"jane.doe@example.com</dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def written(
    kind: str, *colors: tuple[int, int, int], size: Any = (64, 48), **options: Any
) -> bytes:
    assert missing_codec(kind) is None
    first, *others = (Image.new("RGB", size, color) for color in colors)
    if "exif" in options and not isinstance(options["exif"], bytes):
        options["exif"] = first.info["exif"] = options["exif"].tobytes()
    file = io.BytesIO()
    more = {"save_all": True, "append_images": others} if others else {}
    first.save(file, kind, quality=90, **more, **options)
    return file.getvalue()


def exif_of(**tags: Any) -> Image.Exif:
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[int(tag[1:], 16)] = value
    return exif


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_of_a_phone_is_read(kind: str) -> None:
    content = written(kind, RED)
    assert sniff(content) == kind
    for info in (probe(content, LIMITS), verify(content, LIMITS), decode(content, LIMITS).info):
        assert (info.format, info.width, info.height, info.frames) == (kind, 64, 48, 1)
    assert np.abs(read_pixels(content, LIMITS).reshape(-1, 3) - np.array(RED)).max() < 12
    assert not decode(content, LIMITS).has_more


@pytest.mark.parametrize("kind", KINDS)
def test_the_place_in_its_exif_does_not_pass(judge: Any, kind: str) -> None:
    content = written(kind, WHITE, exif=exif_of(x8825=PLACE, x013B="Jane Doe"))
    report = judge.validator().validate(content, "k")
    assert set(types(report)) == {"gps_location", "owner_name"}
    assert not report.passed


@pytest.mark.parametrize("kind", KINDS)
def test_an_email_in_its_xmp_does_not_pass(judge: Any, kind: str) -> None:
    report = judge.validator().validate(written(kind, WHITE, xmp=XMP), "k")
    assert (types(report), report.passed) == (["email"], False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_face_on_a_later_picture_is_counted(judge: Any, kind: str) -> None:
    report = judge.validator().validate(written(kind, WHITE, GREEN, RED), "k")
    assert (types(report), report.faces_detected) == (["face"], 1)
    assert "frame 3 of 3" in report.issues[0].message


def test_the_main_picture_of_a_file_need_not_be_its_first(judge: Any) -> None:
    content = written("HEIF", WHITE, RED, GREEN, primary_index=1)
    assert tuple(decode(content, LIMITS).pixels[0, 0] > 128) == (True, False, False)
    names = [each.name for each in further_pictures(content, LIMITS, FurtherLimits()).pictures]
    assert names == ["frame 1 of 3", "frame 3 of 3"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_turned_picture_is_shown_upright(kind: str) -> None:
    content = written(kind, BLUE, exif=exif_of(x0112=6))
    assert decode(content, LIMITS).pixels.shape == (64, 48, 3)
    assert verify(content, LIMITS).upright_size == (48, 64)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_exif_stops_no_good_pixels(judge: Any, kind: str) -> None:
    marker = b"II*\0" + struct.pack("<L", 8)
    whole = written(kind, WHITE, exif=b"Exif\0\0" + marker + b"\5\0" + b"\1" * 9)
    assert decode(whole, LIMITS).pixels.shape == (48, 64, 3)
    report = judge.validator().validate(whole, "k")
    assert (types(report), report.passed) == (["metadata_damaged"], False)


def test_a_face_in_its_thumbnail_does_not_pass(judge: Any) -> None:
    plain = np.full((512, 640, 3), 255, np.uint8)
    content = with_thumbnail(plain)
    assert decode(content, LIMITS).has_more
    found = further_pictures(content, LIMITS, FurtherLimits())
    assert [each.name for each in found.pictures] == ["thumbnail"]
    assert found.pictures[0].pixels.shape[1] == 128
    assert found.unread == []


def with_thumbnail(pixels: Any) -> bytes:
    pixels[:, :320] = RED
    file = io.BytesIO()
    heif = pillow_heif.from_pillow(Image.fromarray(pixels))
    heif[0].info["thumbnails"] = [128]
    heif.save(file, quality=80)
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limits", [{"max_pixels": 3000}, {"max_side_px": 60}])
def test_its_size_is_checked_before_it_is_decoded(kind: str, limits: dict[str, int]) -> None:
    content = written(kind, RED)
    with pytest.raises(InvalidImage, match=r"has 64 x (48|64) pixels"):
        check(content, ImageLimits(**limits))


@pytest.mark.parametrize("kind", KINDS)
def test_a_size_that_lies_is_refused_too(kind: str) -> None:
    content = bytearray(written(kind, RED))
    at = content.index(b"ispe") + 8
    struct.pack_into(">LL", content, at, 60_000, 60_000)
    with pytest.raises(InvalidImage, match="60000 x 60000"):
        decode(bytes(content), LIMITS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_short_is_refused(kind: str) -> None:
    content = written(kind, RED, size=(256, 256))
    for share in (0.2, 0.5, 0.9):
        with pytest.raises(InvalidImage):
            verify(content[: int(len(content) * share)], LIMITS)


@pytest.mark.parametrize("kind", KINDS)
def test_broken_bytes_are_refused_or_read_and_nothing_else(kind: str) -> None:
    whole = written(kind, RED, exif=exif_of(x013B="Jane"), xmp=XMP)
    random = np.random.default_rng(3)
    for _ in range(60):
        broken = bytearray(whole)
        for at in random.integers(0, len(broken), 4):
            broken[at] = int(random.integers(256))
        for read in (verify, decode, _further):
            try:
                read(bytes(broken), LIMITS)
            except InvalidImage:
                continue


def _further(content: bytes, limits: ImageLimits) -> object:
    return further_pictures(content, limits, FurtherLimits())


def nothing_installed(name: str) -> Any:
    raise ImportError(name)


def test_without_the_extra_the_message_names_it() -> None:
    reason = missing_codec("HEIF", nothing_installed)
    assert reason is not None
    assert "heif" in reason
    assert "pip install '.[heif]'" in reason
    assert missing_codec("PNG", nothing_installed) is None


def test_a_film_of_a_phone_is_no_picture() -> None:
    film = struct.pack(">L4s4sL4s", 20, b"ftyp", b"isom", 512, b"mp41") + b"\0" * 600
    with pytest.raises(InvalidImage, match="not in a supported format"):
        decode(film, LIMITS)


def test_a_film_in_the_file_is_not_taken_for_seen(judge: Any) -> None:
    content = written("HEIF", WHITE) + struct.pack(">L4s", 24, b"mpvd") + b"\0" * 16
    report = judge.validator().validate(content, "k")
    assert (types(report), report.passed) == (["frames_not_checked"], False)


@pytest.mark.parametrize("kind", KINDS)
def test_another_file_behind_it_is_refused(kind: str) -> None:
    with pytest.raises(InvalidImage, match="another file"):
        decode(written(kind, RED) + b"%PDF-1.7\nstartxref", LIMITS)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(SandboxLimits(workers=1))
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_decoded_in_a_worker_process_as_others_are(sandbox: Sandbox, kind: str) -> None:
    pixels = sandbox.run(read_pixels, written(kind, RED), LIMITS)
    assert pixels.shape == (48, 64, 3)


def test_every_format_has_a_suffix_and_every_suffix_a_media_type() -> None:
    assert set(SUFFIX_BY_FORMAT) == set(LIMITS.formats)
    assert set(SUFFIX_BY_FORMAT.values()) <= set(IMAGE_MEDIA_TYPES)


@pytest.mark.parametrize("kind", KINDS)
def test_an_anonymized_copy_has_none_of_it(judge: Any, kind: str) -> None:
    content = written(kind, GREEN, exif=exif_of(x8825=PLACE), xmp=XMP)
    clean = judge.validator().anonymize(content, "k", "box")
    assert judge.validator().validate(clean, "k").issues == ()
