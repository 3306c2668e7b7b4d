"""Where a file's parts are, found without decoding it, for pictures that Pillow has written."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageSequence
from PIL.PngImagePlugin import PngInfo

from engines.errors import InvalidImage
from engines.images.containers import check, sniff
from engines.images.formats import gif, png, webp
from engines.images.formats.walk import Walk, pixels_only
from engines.images.model import ImageLimits

SIDE = 24
TEXT = "a note that no pixel depends on"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


@pytest.fixture
def picture() -> Image.Image:
    rows = np.arange(SIDE * SIDE * 3, dtype=np.uint32) * 37 % 251
    return Image.fromarray(rows.astype(np.uint8).reshape(SIDE, SIDE, 3))


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def pixels(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("RGB").tobytes()


def noted_png(picture: Image.Image) -> bytes:
    info = PngInfo()
    info.add_text("Comment", TEXT)
    info.add_itxt("Title", "ü")
    exif = Image.Exif()
    exif[0x010E] = "described"
    return saved(picture, "PNG", pnginfo=info, exif=exif)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
def test_a_format_is_told_by_its_first_bytes(picture: Image.Image, kind: str) -> None:
    content = saved(picture, kind)
    assert sniff(content) == kind
    assert check(content, ImageLimits())[0] == kind
    assert sniff(content[1:]) is None


def test_all_of_a_png_is_named_and_nothing_of_the_pixels_goes(picture: Image.Image) -> None:
    content = noted_png(picture)
    walk = png.walk(content)
    assert (walk.end, walk.size, walk.cut) == (len(content), (SIDE, SIDE), False)
    assert [block.kind for block in walk.metadata] == ["tEXt", "iTXt", "exif"]
    note, *_ = walk.metadata
    assert content[note.start : note.end] == b"Comment\0" + TEXT.encode()
    bare = pixels_only(content, walk)
    assert TEXT.encode() not in bare
    assert len(bare) < len(content)
    assert pixels(bare) == pixels(content)
    assert png.walk(bare) == Walk(len(bare), (), (), (SIDE, SIDE))


def test_a_png_that_is_cut_has_no_end(picture: Image.Image) -> None:
    content = saved(picture, "PNG")
    for length in (len(content) - 1, len(content) // 2, 40, 20, len(png.MAGIC)):
        walk = png.walk(content[:length])
        assert walk.end is None
        assert walk.cut


def test_what_follows_a_png_is_behind_its_end(picture: Image.Image) -> None:
    content = saved(picture, "PNG")
    assert png.walk(content + b"more").end == len(content)


def chunk(kind: bytes, body: bytes) -> bytes:
    checksum = struct.pack(">L", zlib.crc32(kind + body))
    return struct.pack(">L", len(body)) + kind + body + checksum


def test_a_png_that_promises_more_than_it_holds_is_refused() -> None:
    header = struct.pack(">LLBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", b"x" * 100), chunk(b"IEND", b""))
    with pytest.raises(InvalidImage, match="promises more pixels"):
        png.walk(png.MAGIC + b"".join(parts))


def test_a_png_of_many_chunks_is_refused() -> None:
    with pytest.raises(InvalidImage, match="chunks"):
        png.walk(png.MAGIC + chunk(b"tEXt", b"a\0b") * (png.MAX_CHUNKS + 1))


def test_a_gif_s_comment_is_found_and_left_out(picture: Image.Image) -> None:
    content = saved(picture, "GIF", comment=TEXT.encode())
    walk = gif.walk(content)
    assert walk.end == len(content)
    (comment,) = walk.metadata
    assert comment.kind == "comment"
    assert TEXT.encode() in content[comment.start : comment.end]
    bare = pixels_only(content, walk)
    assert TEXT.encode() not in bare
    assert pixels(bare) == pixels(content)


def test_a_gif_keeps_every_frame_without_its_comments(picture: Image.Image) -> None:
    turned = [picture.rotate(90 * turn) for turn in range(3)]
    content = saved(turned[0], "GIF", save_all=True, append_images=turned[1:], comment=b"c" * 300)
    with Image.open(io.BytesIO(pixels_only(content, gif.walk(content)))) as bare:
        assert len(list(ImageSequence.Iterator(bare))) == 3


def test_a_gif_that_is_cut_has_no_end(picture: Image.Image) -> None:
    content = saved(picture, "GIF")
    assert gif.walk(content[:-1]).end is None
    assert gif.walk(content[: len(content) // 2]).cut


def test_a_gif_of_endless_parts_is_refused(picture: Image.Image) -> None:
    start = saved(picture, "GIF")[:-1]
    with pytest.raises(InvalidImage, match="GIF extensions"):
        gif.walk(start + b"\x21\xfe" + (b"\xff" + b"x" * 255) * 4200 + b"\0;")


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("noted", [True, False])
def test_a_webp_s_canvas_is_read_from_whichever_chunk_is_first(
    picture: Image.Image, lossless: bool, noted: bool
) -> None:
    options = {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0", "xmp": XMP} if noted else {}
    content = saved(picture, "WEBP", lossless=lossless, **options)
    walk = webp.walk(content)
    assert (walk.end, walk.size, walk.cut) == (len(content), (SIDE, SIDE), False)
    assert [block.kind for block in walk.metadata] == (["exif", "xmp"] if noted else [])
    if noted:
        exif, xmp = walk.metadata
        assert content[exif.start : exif.start + 2] == b"MM"
        assert content[xmp.start : xmp.end] == XMP


def test_a_webp_that_is_cut_has_no_end(picture: Image.Image) -> None:
    content = saved(picture, "WEBP")
    walk = webp.walk(content[:-3])
    assert walk.end is None
    assert walk.cut


def test_a_webp_of_many_chunks_is_refused() -> None:
    body = b"WEBP" + b"junk\0\0\0\0" * 5000
    with pytest.raises(InvalidImage, match="WebP chunks"):
        webp.walk(b"RIFF" + struct.pack("<L", len(body)) + body)


def test_a_canvas_that_nothing_states_is_none() -> None:
    assert webp.canvas(b"RIFF") == (0, 0)
    assert webp.canvas(b"RIFF\0\0\0\0WEBPjunk" + bytes(14)) == (0, 0)


def test_an_empty_file_and_a_text_are_told_from_pictures() -> None:
    with pytest.raises(InvalidImage, match="empty"):
        check(b"", ImageLimits())
    with pytest.raises(InvalidImage, match="text document"):
        check(b"\n  <svg xmlns='http://www.w3.org/2000/svg'/>", ImageLimits())
    with pytest.raises(InvalidImage, match="supported format"):
        check(b"no picture at all", ImageLimits())


def test_a_file_of_too_many_bytes_is_refused_before_it_is_read(picture: Image.Image) -> None:
    limits = ImageLimits(max_bytes=100)
    with pytest.raises(InvalidImage, match="larger than 100 bytes"):
        check(saved(picture, "BMP"), limits)
