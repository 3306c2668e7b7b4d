"""Safe decoding: every byte that comes from outside passes here before a decoder sees it."""

from engines.images.decoding import decode, encode_jpeg, probe
from engines.images.model import DecodedImage, ImageInfo, ImageLimits

__all__ = ["DecodedImage", "ImageInfo", "ImageLimits", "decode", "encode_jpeg", "probe"]
