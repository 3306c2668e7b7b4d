"""Safe decoding: every byte that comes from outside passes here before a decoder sees it."""

from engines.images.decoding import (
    ReadPixels,
    decode,
    encode_jpeg,
    probe,
    read_pixels,
    verify,
)
from engines.images.model import DecodedImage, ExifField, ImageInfo, ImageLimits, Metadata

__all__ = [
    "DecodedImage",
    "ExifField",
    "ImageInfo",
    "ImageLimits",
    "Metadata",
    "ReadPixels",
    "decode",
    "encode_jpeg",
    "probe",
    "read_pixels",
    "verify",
]
