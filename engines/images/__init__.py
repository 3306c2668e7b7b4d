"""Decode untrusted image files: each file's structure is checked before a decoder reads it."""

from engines.images.decoding import (
    ReadPixels,
    decode,
    encode_jpeg,
    probe,
    read_pixels,
    verify,
)
from engines.images.further import FurtherLimits, FurtherPictures, Picture, further_pictures
from engines.images.model import DecodedImage, ExifField, ImageInfo, ImageLimits, Metadata

__all__ = [
    "DecodedImage",
    "ExifField",
    "FurtherLimits",
    "FurtherPictures",
    "ImageInfo",
    "ImageLimits",
    "Metadata",
    "Picture",
    "ReadPixels",
    "decode",
    "encode_jpeg",
    "further_pictures",
    "probe",
    "read_pixels",
    "verify",
]
