"""The limits of decoding, and the types of its results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from engines.errors import Fault, InvalidImage
from engines.types.frozen import FrozenModel

if TYPE_CHECKING:
    from engines.types import Pixels


class ImageLimits(FrozenModel):
    """Files beyond these limits are refused before any pixel is decoded."""

    max_bytes: int = Field(default=32 * 2**20, description="Largest file, bytes.")
    max_pixels: int = Field(default=40_000_000, description="Largest width * height, pixels.")
    max_side_px: int = Field(default=16_384, description="Longest side, pixels.")
    max_metadata_bytes: int = Field(
        default=4 * 2**20,
        ge=1024,
        description="Bytes of EXIF, XMP, IPTC and text metadata read per file, decompressed. A "
        "file with more is still checked; its privacy report names what was not read.",
    )
    formats: tuple[str, ...] = Field(
        default=("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF"),
        description="Formats decoded, in Pillow's names; found by content, never by file name. "
        "HEIF (HEIC) needs the extra `heif`.",
    )


class ExifField(NamedTuple):
    """One entry of a TIFF or EXIF directory, with its value as raw bytes."""

    directory: str
    """"main", "exif", "gps", "interoperability" or "sub"."""
    tag: int
    kind: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Metadata:
    """All metadata of a file, as raw values."""

    exif: tuple[ExifField, ...] = ()
    xmp: tuple[bytes, ...] = ()
    """XMP packets: XML."""
    iptc: tuple[bytes, ...] = ()
    """IPTC-IIM blocks, each of several data sets."""
    texts: tuple[tuple[str, str], ...] = ()
    """Keyword and text: PNG text, JPEG and GIF comments."""
    damaged: tuple[str, ...] = ()
    """Kinds of metadata that are broken, such as "EXIF"."""
    unread: tuple[str, ...] = ()
    """Kinds of metadata that exceed the limit of bytes and were cut or left out."""
    pictures: tuple[bytes, ...] = field(default=(), repr=False)
    """Thumbnails, each as a complete file (JPEG, or TIFF for uncompressed pixels)."""


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """Facts from the header. `width` and `height` are in pixels, before the EXIF orientation is
    applied; for TIFF and HEIF, Pillow has applied it already."""

    format: str
    width: int
    height: int
    mode: str
    """Pillow's mode: "RGB", "L", "I;16", "CMYK", "P", ..."""
    frames: int = 1
    """Number of frames in the header. GIF and TIFF do not state it; for them 2 means "several"."""
    has_alpha: bool = False
    orientation: int = 1
    """EXIF orientation, 1..8; `probe` leaves it at 1 except for AVIF."""

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height after the orientation is applied, pixels."""
        turned = self.orientation >= 5
        return (self.height, self.width) if turned else (self.width, self.height)


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """`pixels`: the first frame, upright, RGB uint8 (height, width, 3), blended with white."""

    pixels: Pixels
    info: ImageInfo
    metadata: Metadata = field(default_factory=Metadata)
    has_more: bool = False
    """Whether the file may hold more pictures, for `further_pictures` to decode or to report."""


def refuse(reason: str, constraint: str = "a decodable image") -> InvalidImage:
    """The error for a refused file. `reason` completes the sentence "image ..."; `constraint` says
    what is allowed."""
    return InvalidImage(Fault("image", None, constraint, reason))


def check_size(size: tuple[int, int], limits: ImageLimits) -> None:
    """Raise `InvalidImage` if the width and height, pixels, exceed the limits."""
    width, height = size
    if width * height > limits.max_pixels:
        raise refuse(
            f"has {width} x {height} pixels, more than {limits.max_pixels} in all",
            f"width * height <= {limits.max_pixels}",
        )
    if max(width, height) > limits.max_side_px:
        raise refuse(
            f"has {width} x {height} pixels, a side over {limits.max_side_px}",
            f"side <= {limits.max_side_px}",
        )
