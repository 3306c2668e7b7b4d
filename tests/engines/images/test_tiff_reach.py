"""Where a TIFF file ends by its own directories, and whether a later page is whole."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from engines.images import ImageLimits, containers
from engines.images.formats.tiff import structure
from engines.images.formats.tiff_reach import reach
from tests.engines.images.building import encoded, picture, tiff

PAGES = {"save_all": True, "append_images": [picture(40, 20), picture(8, 8)]}


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "jpeg", "packbits"])
def test_it_ends_where_the_file_ends(compression: str, big: bool) -> None:
    content = encoded(picture(), "TIFF", compression=compression, big_tiff=big, **PAGES)
    _, walk = containers.check(content + b"behind", ImageLimits())
    assert walk.end is not None
    assert walk.end <= len(content)
    assert content[walk.end :].strip(b"\0") == b""
    assert not walk.cut


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.7, 0.99])
def test_a_cut_page_is_seen(keep: float) -> None:
    whole = encoded(picture(), "TIFF", **PAGES)
    content = whole[: int(len(whole) * keep)]
    assert reach(content, structure(content)).cut


def test_a_first_picture_alone_is_judged_by_its_decoder() -> None:
    """Some programs write lengths that are too large, and every reader copes."""
    content = encoded(Image.new("L", (64, 64), 9), "TIFF")
    assert not reach(content[:-1], structure(content[:-1])).cut


def test_directories_without_pixels_say_no_end() -> None:
    content = tiff((0x010E, 2, b"words\0"))
    assert reach(content, structure(content)).end is None


def test_numbers_of_no_file_are_no_overflow() -> None:
    entries = [struct.pack("<HHQQ", tag, 16, 1, 2**64 - 1) for tag in (0x0111, 0x0117)]
    content = b"II" + struct.pack("<HHHQ", 43, 8, 0, 16) + struct.pack("<Q", 2)
    content += b"".join(entries) + b"\0" * 8
    found = reach(content, structure(content))
    assert found.end is not None
    assert found.end > len(content)
