"""What decoding is allowed to do, and what it hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from engines.errors import Fault, InvalidImage

if TYPE_CHECKING:
    from engines.types import Pixels


class ImageLimits(BaseModel):
    """What is refused before a pixel is decoded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: int = Field(default=32 * 2**20, description="Largest file, bytes.")
    max_pixels: int = Field(default=40_000_000, description="Largest width * height, pixels.")
    max_side_px: int = Field(default=16_384, description="Longest side, pixels.")
    formats: tuple[str, ...] = Field(
        default=("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"),
        description="Formats decoded, in Pillow's names; told by content, never by file name.",
    )


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What the header says; pixels were not decoded, EXIF orientation not applied (but for TIFF,
    where the reader applies it)."""

    format: str
    width: int
    height: int
    mode: str
    """Pillow's mode: "RGB", "L", "I;16", "CMYK", "P", ..."""
    frames: int = 1
    """As the header says; GIF and TIFF say it nowhere, there 2 stands for "more than one"."""
    has_alpha: bool = False


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """`pixels`: the first frame, upright (EXIF orientation applied), alpha over white, 8 bit."""

    pixels: Pixels
    info: ImageInfo
    png_text: dict[str, str] = field(default_factory=dict)
    """tEXt, zTXt and iTXt chunks, wherever they stand in the file."""
    exif: bytes = b""
    """A TIFF structure, with or without the leading "Exif\\0\\0", whose directories were checked
    to hold no more than their own length: safe to give to a reader."""


def refuse(reason: str, constraint: str = "a decodable image") -> InvalidImage:
    """The one shape in which a file is turned away; `reason` completes "image ..."."""
    return InvalidImage(Fault("image", None, constraint, reason))
