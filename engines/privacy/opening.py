"""Decodes an image file and checks its metadata. These are the parts that handle untrusted bytes.

They need no detector and no model, so they can run in a small separate process, which can be killed
if a file makes it hang or use too much memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from engines.images import ImageLimits, decode, further_pictures
from engines.privacy.config import PrivacyConfig
from engines.privacy.metadata import MetadataReader
from engines.privacy.pii.detecting import build_pii_detector

if TYPE_CHECKING:
    from engines.privacy.model import PiiDetector
    from engines.types import Pixels, PrivacyIssue


class Picture(NamedTuple):
    """One picture of a file, with the issues of its metadata."""

    pixels: Pixels
    """RGB, uint8 (height, width, 3), upright."""
    issues: tuple[PrivacyIssue, ...] = ()
    name: str = ""
    """Such as "frame 2 of 5" or "thumbnail". Empty for the first picture."""
    scale: float = 1.0
    """Size of one pixel of `pixels`, in pixels of the picture in the file."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The first picture of a file."""

    first: Picture
    """With the issues of the file's metadata."""
    has_more: bool = False
    """Whether the file may have further pictures."""


@dataclass(frozen=True, slots=True)
class Further:
    """The other pictures of a file: frames, pages, thumbnails."""

    pictures: tuple[Picture, ...] = ()
    unread: tuple[str, ...] = ()
    """What was not decoded, such as "2 of 5 frames"."""


class Opener(Protocol):
    """Decodes image files, in this process or in another one."""

    def first(self, content: bytes) -> Opened:
        """The first picture of the file `content`. Raises `InvalidImage`."""

    def further(self, content: bytes) -> Further:
        """The other pictures. Raises `InvalidImage` if none of them can be decoded."""


class OpenHere:
    """Decodes image files in this process."""

    def __init__(self, limits: ImageLimits, config: PrivacyConfig, pii: PiiDetector) -> None:
        self._limits = limits
        self._config = config
        self._reader = MetadataReader(config.metadata, pii)

    def first(self, content: bytes) -> Opened:
        image = decode(content, self._limits)
        return Opened(Picture(image.pixels, self._reader.read(image.metadata)), image.has_more)

    def further(self, content: bytes) -> Further:
        found = further_pictures(content, self._limits, self._config.frames)
        pictures = (
            Picture(each.pixels, self._reader.read(each.metadata), each.name, each.scale)
            for each in found.pictures
        )
        return Further(tuple(pictures), tuple(found.unread))


def open_first(content: bytes, limits: ImageLimits, config: PrivacyConfig) -> Opened:
    """`OpenHere.first` as a function, which can be called in another process."""
    return _opener(limits, config).first(content)


def open_further(content: bytes, limits: ImageLimits, config: PrivacyConfig) -> Further:
    """`OpenHere.further` as a function, which can be called in another process."""
    return _opener(limits, config).further(content)


@lru_cache(maxsize=2)
def _opener(limits: ImageLimits, config: PrivacyConfig) -> OpenHere:
    return OpenHere(limits, config, build_pii_detector(config.pii))
