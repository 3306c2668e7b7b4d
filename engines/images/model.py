"""What decoding is allowed to do, and what it hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from engines.errors import Fault, InvalidImage
from engines.types.frozen import FrozenModel

if TYPE_CHECKING:
    from engines.types import Pixels


class ImageLimits(FrozenModel):
    """What is refused before a pixel is decoded."""

    max_bytes: int = Field(default=32 * 2**20, description="Largest file, bytes.")
    max_pixels: int = Field(default=40_000_000, description="Largest width * height, pixels.")
    max_side_px: int = Field(default=16_384, description="Longest side, pixels.")
    max_metadata_bytes: int = Field(
        default=4 * 2**20,
        ge=1024,
        description="EXIF, XMP, IPTC and texts of a file that are read, unpacked, bytes in all; a "
        "file with more is judged, and what was not read is an issue of its privacy report.",
    )
    formats: tuple[str, ...] = Field(
        default=("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF"),
        description="Formats decoded, in Pillow's names; told by content, never by file name. "
        "HEIF (HEIC) takes the extra `heif`.",
    )


class ExifField(NamedTuple):
    """One entry of a TIFF directory, as it is stored."""

    directory: str
    """"main", "exif", "gps", "interoperability" or "sub"."""
    tag: int
    kind: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Metadata:
    """Everything that a file tells beside its pixels, undeciphered."""

    exif: tuple[ExifField, ...] = ()
    xmp: tuple[bytes, ...] = ()
    """Packets of XML."""
    iptc: tuple[bytes, ...] = ()
    """Data sets of IPTC-IIM."""
    texts: tuple[tuple[str, str], ...] = ()
    """Keyword and text: PNG text, JPEG and GIF comments."""
    damaged: tuple[str, ...] = ()
    """What could not be read, in words ("EXIF")."""
    unread: tuple[str, ...] = ()
    """What was left out because it is too much, in words."""
    pictures: tuple[bytes, ...] = field(default=(), repr=False)
    """Thumbnails, each a file of its own (JPEG, or TIFF for plain pixels)."""


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What the header says; pixels were not decoded, EXIF orientation not applied (but for TIFF
    and HEIF, where the reader applies it)."""

    format: str
    width: int
    height: int
    mode: str
    """Pillow's mode: "RGB", "L", "I;16", "CMYK", "P", ..."""
    frames: int = 1
    """As the header says; GIF and TIFF say it nowhere, there 2 stands for "more than one"."""
    has_alpha: bool = False
    orientation: int = 1
    """EXIF orientation, 1..8; told by `verify` and `decode`."""

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as the picture is shown, pixels."""
        turned = self.orientation >= 5
        return (self.height, self.width) if turned else (self.width, self.height)


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """`pixels`: the first frame, upright (EXIF orientation applied), alpha over white, 8 bit."""

    pixels: Pixels
    info: ImageInfo
    metadata: Metadata = field(default_factory=Metadata)
    has_more: bool = False
    """Whether `further_pictures` could find more pictures, or miss some."""


def refuse(reason: str, constraint: str = "a decodable image") -> InvalidImage:
    """The one shape in which a file is turned away; `reason` completes "image ..."."""
    return InvalidImage(Fault("image", None, constraint, reason))


def check_size(size: tuple[int, int], limits: ImageLimits) -> None:
    """`InvalidImage` for a width and height beyond the limits."""
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
