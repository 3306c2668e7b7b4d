"""Decode image files to pixels, and encode pixels as JPEG."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from engines.errors import InvalidImage
from engines.images import containers
from engines.images.formats.tiff import ORIENTATION
from engines.images.formats.walk import pixels_only
from engines.images.metadata import collect, orientation_of
from engines.images.model import DecodedImage, ImageInfo, ImageLimits, check_size, refuse
from engines.images.pixels import has_alpha, to_rgb, upright

if TYPE_CHECKING:
    from engines.types import Pixels

# Everything that Pillow and its codecs were seen to raise for a broken file.
BROKEN = (
    OSError,  # truncated files, UnidentifiedImageError, codec errors
    SyntaxError,  # broken PNG and TIFF structure
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    EOFError,
    OverflowError,
    AssertionError,
    NotImplementedError,
    ZeroDivisionError,
    RuntimeError,
    struct.error,
    zlib.error,
    Warning,  # where the interpreter raises warnings as errors
)


_SAY_THEMSELVES = frozenset({"TIFF", "HEIF", "AVIF"})
"""Formats for which the EXIF block's orientation is ignored: Pillow itself rotates TIFF and HEIF
upright, and an AVIF file states its rotation in its boxes."""


def probe(content: bytes, limits: ImageLimits) -> ImageInfo:
    """Format, size and mode from the header, without decoding pixels. Raises `InvalidImage` for a
    file whose header or structure `decode` refuses."""
    kind, walk = containers.check(content, limits)
    with opened(pixels_only(content, walk), kind, limits) as image:
        return _info(image, kind)


def decode(content: bytes, limits: ImageLimits) -> DecodedImage:
    """The first frame as upright RGB pixels, uint8 (height, width, 3), with the file's metadata.

    Transparent pixels are blended with white; 16-bit gray is divided by 257, and 16-bit color
    keeps its upper byte; CMYK, palettes and gray become RGB. Color profiles are not applied. Peak
    memory is about 10 bytes per pixel plus twice the file. Broken metadata is named in
    `metadata.damaged` and is no error. Raises `InvalidImage`, and nothing else, for any bytes
    that cannot be decoded.
    """
    kind, walk = containers.check(content, limits)
    with opened(pixels_only(content, walk), kind, limits) as image:
        info = _info(image, kind)
        pixels = to_rgb(image)
    found = collect(content, kind, walk, limits.max_metadata_bytes)
    orientation = info.orientation if kind in _SAY_THEMSELVES else orientation_of(found)
    info = replace(info, orientation=orientation)
    more = info.frames > 1 or bool(found.pictures)
    more = more or containers.has_more_behind(content, kind, walk)
    return DecodedImage(upright(pixels, orientation), info, found, more)


def verify(content: bytes, limits: ImageLimits) -> ImageInfo:
    """Decode the first frame and return only the file's facts, with its EXIF orientation.

    Raises `InvalidImage` where `decode` does, and also for a file that is cut short after its first
    frame.
    """
    kind, walk = containers.check(content, limits)
    if walk.cut:
        raise refuse(f"is a broken or truncated {kind} file")
    with opened(pixels_only(content, walk), kind, limits) as image:
        info = _info(image, kind)
        to_rgb(image)
    found = collect(content, kind, walk, limits.max_metadata_bytes)
    orientation = info.orientation if kind in _SAY_THEMSELVES else orientation_of(found)
    return replace(info, orientation=orientation)


ReadPixels = Callable[[bytes, ImageLimits], "Pixels"]
"""A function with the contract of `read_pixels`; it may decode in another process."""


def read_pixels(content: bytes, limits: ImageLimits) -> Pixels:
    """The first frame, upright: RGB, uint8 (height, width, 3). Raises `InvalidImage`."""
    return decode(content, limits).pixels


def encode_jpeg(pixels: Pixels, quality: int = 80) -> bytes:
    """A baseline JPEG of `pixels`, RGB uint8 (height, width, 3), without metadata.

    `quality`: 1..95, larger is better.
    """
    file = io.BytesIO()
    Image.fromarray(pixels, "RGB").save(file, "JPEG", quality=quality)
    return file.getvalue()


@contextmanager
def opened(content: bytes, kind: str, limits: ImageLimits) -> Iterator[Image.Image]:
    """Open a file that `containers.check` accepted with Pillow, and check its size.

    What Pillow raises, here or in the body of the `with` statement, becomes `InvalidImage`.
    """
    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as image:
            check_size(image.size, limits)
            yield image
    except InvalidImage:
        raise
    except UnidentifiedImageError:
        raise refuse(f"has a broken {kind} header") from None
    except Image.DecompressionBombError:
        pixels = f"width * height <= {limits.max_pixels}"
        raise refuse(f"has more than {limits.max_pixels} pixels in all", pixels) from None
    except MemoryError:
        raise refuse("takes too much memory to read", "memory within the limit") from None
    except BROKEN:
        raise refuse(f"is a broken or truncated {kind} file") from None


def _info(image: Image.Image, kind: str) -> ImageInfo:
    if kind in ("GIF", "TIFF"):
        frames = 2 if getattr(image, "is_animated", False) else 1
    else:
        # For Pillow, a JPEG file with further pictures after the first one (MPO, from many phones)
        # has several frames. Here only its first picture counts as a frame.
        frames = 1 if kind == "JPEG" else int(getattr(image, "n_frames", 1))
    width, height = image.size
    # An AVIF file states its rotation in its boxes, which Pillow reports as EXIF orientation. The
    # file's EXIF block was hidden from Pillow.
    orientation = int(image.getexif().get(ORIENTATION, 1)) if kind == "AVIF" else 1
    return ImageInfo(kind, width, height, image.mode, frames, has_alpha(image), orientation)
