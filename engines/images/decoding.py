"""Bytes to pixels, and back to a small JPEG."""

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

# What Pillow and its codecs raise for a file that is not what it says.
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
    Warning,  # where the interpreter was told to raise them
)


_SAY_THEMSELVES = frozenset({"TIFF", "HEIF", "AVIF"})
"""Formats whose EXIF says nothing about turning: Pillow turns TIFF and HEIF upright itself."""


def probe(content: bytes, limits: ImageLimits) -> ImageInfo:
    """What the header says. Reads no pixels; raises `InvalidImage` for what `decode` would refuse
    by its header or structure."""
    kind, walk = containers.check(content, limits)
    with opened(pixels_only(content, walk), kind, limits) as image:
        return _info(image, kind)


def decode(content: bytes, limits: ImageLimits) -> DecodedImage:
    """The first frame as upright RGB pixels, uint8 (height, width, 3).

    Alpha is laid over white; 16 bits become 8 by division by 257; CMYK, palettes and gray become
    RGB. Color profiles are not applied. Peak memory is about 10 bytes a pixel and the file twice.
    Broken metadata are named in `metadata.damaged` and stop nothing. Raises `InvalidImage`, and
    nothing else, for whatever bytes it is given.
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
    """`decode` for who wants no pixels: raises what it raises, and refuses a file that is cut short
    behind its first frame."""
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
"""Has the contract of `read_pixels`, in this process or in another."""


def read_pixels(content: bytes, limits: ImageLimits) -> Pixels:
    """The pixels of `decode`."""
    return decode(content, limits).pixels


def encode_jpeg(pixels: Pixels, quality: int = 80) -> bytes:
    """A baseline JPEG of `pixels`, without metadata; `quality` 1..95."""
    file = io.BytesIO()
    Image.fromarray(pixels, "RGB").save(file, "JPEG", quality=quality)
    return file.getvalue()


@contextmanager
def opened(content: bytes, kind: str, limits: ImageLimits) -> Iterator[Image.Image]:
    """The seam to Pillow, for files that `containers.check` let pass: opened with its size checked;
    foreign errors become `InvalidImage`."""
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
        # A JPEG with further pictures behind (MPO, from many phones) is its first picture.
        frames = 1 if kind == "JPEG" else int(getattr(image, "n_frames", 1))
    width, height = image.size
    # An AVIF says in its boxes how it is turned; what its EXIF says does not count (and is not
    # seen here).
    orientation = int(image.getexif().get(ORIENTATION, 1)) if kind == "AVIF" else 1
    return ImageInfo(kind, width, height, image.mode, frames, has_alpha(image), orientation)
