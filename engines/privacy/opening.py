"""The part of a look that meets a stranger's bytes: decoding, and everything in the metadata.

It needs no detector and no model, so that it can run in a small process which may be killed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from engines.images import ImageLimits, decode
from engines.privacy.config import MetadataConfig, PiiConfig, PrivacyConfig
from engines.privacy.metadata import MetadataReader
from engines.privacy.pii.detecting import build_pii_detector

if TYPE_CHECKING:
    from engines.types import Pixels, PrivacyIssue


@dataclass(frozen=True, slots=True)
class Opened:
    """`pixels`: RGB, uint8 (height, width, 3), upright; `issues`: of the metadata."""

    pixels: Pixels
    issues: tuple[PrivacyIssue, ...]


OpenImage = Callable[[bytes], Opened]
"""Opens the content of a file; raises `InvalidImage`."""


def open_image(content: bytes, limits: ImageLimits, config: PrivacyConfig) -> Opened:
    """Decode and read all metadata. A function of a module, its arguments can be pickled."""
    image = decode(content, limits)
    return Opened(image.pixels, _reader(config.metadata, config.pii).read(image.metadata))


@lru_cache(maxsize=2)
def _reader(metadata: MetadataConfig, pii: PiiConfig) -> MetadataReader:
    return MetadataReader(metadata, build_pii_detector(pii))
