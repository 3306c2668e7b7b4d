"""The part of a look that meets a stranger's bytes: decoding, and everything in the metadata.

It needs no detector and no model, so that it can run in a small process which may be killed.
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
    """One picture of a file, and what the metadata of this picture say.

    `pixels`: RGB, uint8 (height, width, 3), upright. One of them is `scale` pixels of the file.
    """

    pixels: Pixels
    issues: tuple[PrivacyIssue, ...] = ()
    name: str = ""
    """"frame 2 of 5", "thumbnail"; empty for the first picture."""
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Opened:
    """The first picture, with the issues of the file's metadata."""

    first: Picture
    has_more: bool = False
    """Whether it is worth while to ask for further ones."""


@dataclass(frozen=True, slots=True)
class Further:
    """The pictures of a file behind its first; `unread`: what was not looked at, in words."""

    pictures: tuple[Picture, ...] = ()
    unread: tuple[str, ...] = ()


class Opener(Protocol):
    """Meets the bytes of a file, in this process or in another."""

    def first(self, content: bytes) -> Opened:
        """Raises `InvalidImage`."""

    def further(self, content: bytes) -> Further:
        """Raises `InvalidImage` where none of them can be read."""


class OpenHere:
    """Opens files in this process."""

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
    """`OpenHere.first` as a function of a module, whose arguments can be pickled."""
    return _opener(limits, config).first(content)


def open_further(content: bytes, limits: ImageLimits, config: PrivacyConfig) -> Further:
    """`OpenHere.further`, as above."""
    return _opener(limits, config).further(content)


@lru_cache(maxsize=2)
def _opener(limits: ImageLimits, config: PrivacyConfig) -> OpenHere:
    return OpenHere(limits, config, build_pii_detector(config.pii))
