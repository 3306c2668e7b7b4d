"""Decode the further pictures of a file: frames, pages, appended pictures and thumbnails."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image
from pydantic import Field

from engines.errors import InvalidImage
from engines.images import containers
from engines.images.codecs import beside_in_heif
from engines.images.decoding import BROKEN, decode, opened
from engines.images.formats import heif, jpeg, tiff
from engines.images.formats.walk import Walk, pixels_only
from engines.images.metadata import collect, orientation_of
from engines.images.model import ImageLimits, Metadata, check_size
from engines.images.pixels import to_rgb, upright
from engines.types.frozen import FrozenModel

if TYPE_CHECKING:
    from engines.types import Pixels

_MOST_STARTS = 64  # places after a JPEG picture that are tried as the start of a further one


class FurtherLimits(FrozenModel):
    """How many of a file's further pictures are decoded, at which size, and in how much time."""

    max_frames: int = Field(
        default=16,
        ge=1,
        le=1000,
        description="Largest number of frames or pages of one file that are checked. Of a file "
        "with more, this many are checked, evenly spread, with the first and the last.",
    )
    max_thumbnails: int = Field(
        default=8, ge=0, le=64, description="Largest number of thumbnails checked per file."
    )
    long_side_px: int = Field(
        default=1920,
        ge=128,
        le=8192,
        description="Frames after the first are scaled down to this longer side, px.",
    )
    max_cpu_s: float = Field(
        default=8.0, gt=0.0, description="CPU seconds for decoding all frames after the first."
    )


class Picture(NamedTuple):
    """A decoded picture of a file, other than its first."""

    name: str
    """ "frame 2 of 5", "page 2 of 3", "picture 2 of 2", "thumbnail"."""
    pixels: Pixels
    """RGB, uint8 (height, width, 3), upright, scaled down."""
    scale: float
    """Side length in the file divided by the side length here, at least 1."""
    metadata: Metadata = Metadata()
    """The picture's own metadata; empty for frames, pages and thumbnails."""


@dataclass(slots=True)
class FurtherPictures:
    """`pictures`: without duplicates. `unread`: what was not decoded, in words for a report."""

    pictures: list[Picture] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Gathering:
    limits: FurtherLimits
    clock: Callable[[], float]
    found: FurtherPictures = field(default_factory=FurtherPictures)
    seen: set[bytes] = field(default_factory=set)
    until: float = 0.0

    def __post_init__(self) -> None:
        self.until = self.clock() + self.limits.max_cpu_s

    @property
    def late(self) -> bool:
        return self.clock() > self.until

    def add(self, name: str, pixels: Pixels, metadata: Metadata | None = None) -> None:
        """Append the picture, unless it repeats an earlier one and brings no metadata."""
        small = _scaled_down(pixels, self.limits.long_side_px)
        if not self.is_new(small) and metadata is None:
            return
        scale = max(pixels.shape[:2]) / max(small.shape[:2])
        self.found.pictures.append(Picture(name, small, scale, metadata or Metadata()))

    def is_new(self, small: Pixels) -> bool:
        digest = hashlib.sha256(repr(small.shape).encode() + small.tobytes()).digest()
        new = digest not in self.seen
        self.seen.add(digest)
        return new


def further_pictures(
    content: bytes,
    limits: ImageLimits,
    further: FurtherLimits,
    clock: Callable[[], float] = time.thread_time,
) -> FurtherPictures:
    """Decode the pictures that `decode` leaves out, one at a time, scaled down.

    Memory: one picture at full size, and all found ones scaled to `further.long_side_px`. `clock`
    gives CPU seconds. A broken later picture is named in `unread`; raises `InvalidImage` for a
    file whose structure `decode` refuses.
    """
    to = _Gathering(further, clock)
    kind, walk = containers.check(content, limits)
    metadata = collect(content, kind, walk, limits.max_metadata_bytes)
    if kind == "JPEG":
        _behind(content, walk, limits, to)
    else:
        orientation = 1 if kind in ("TIFF", "HEIF", "AVIF") else orientation_of(metadata)
        _frames(pixels_only(content, walk), kind, orientation, limits, to)
    parts = list(metadata.pictures)
    if kind == "TIFF":
        parts += [tiff.begun_at(content, at) for at in tiff.sub_directories(content)]
    _thumbnails(parts, limits, to)
    if kind in ("HEIF", "AVIF"):
        _beside(pixels_only(content, walk), kind, limits, to)
    return to.found


def spread(count: int, most: int) -> list[int]:
    """At most `most` of the indices 0 to `count` - 1, evenly spread, with the first and last."""
    if count <= most:
        return list(range(count))
    if most == 1:
        return [0]
    return sorted({round(step * (count - 1) / (most - 1)) for step in range(most)})


def _frames(
    content: bytes, kind: str, orientation: int, limits: ImageLimits, to: _Gathering
) -> None:
    word = "page" if kind == "TIFF" else "frame"
    looked_at, count = 1, 0
    with suppress(InvalidImage), opened(content, kind, limits) as image:
        count = _count(image)
        order = [image.tell(), *(n for n in range(count) if n != image.tell())]
        wanted = {order[place] for place in spread(count, to.limits.max_frames)}
        if kind == "AVIF":
            orientation = int(image.getexif().get(tiff.ORIENTATION, 1))
        if count > 1:
            to.is_new(_scaled_down(upright(to_rgb(image), orientation), to.limits.long_side_px))
        for index in order[1:]:
            if to.late:
                break
            image.seek(index)
            if index not in wanted:
                continue
            check_size(image.size, limits)
            to.add(f"{word} {index + 1} of {count}", upright(to_rgb(image), orientation))
            looked_at += 1
    if not count:  # the decoder cannot count the frames, because one is broken
        to.found.unread.append(f"{word}s")
    elif looked_at < count:
        to.found.unread.append(f"{count - looked_at} of {count} {word}s")


def _beside(content: bytes, kind: str, limits: ImageLimits, to: _Gathering) -> None:
    """Thumbnails and maps of a HEIF file. Those of an AVIF are only named in `unread`: no installed
    decoder gives access to them."""
    to.found.unread.extend(film for film in heif.films(content) if kind == "HEIF" or "film" in film)
    if kind == "AVIF":
        to.found.unread.extend(["a thumbnail"] * min(1, heif.beside(content)[0]))
        return
    try:
        for looked_at, (name, decoded) in enumerate(beside_in_heif(content)):
            if looked_at >= to.limits.max_thumbnails or to.late:
                to.found.unread.append("thumbnails")
                return
            _one_beside(name, decoded, to)
    except BROKEN:
        to.found.unread.append("thumbnails")


def _one_beside(name: str, decoded: Callable[[], Image.Image], to: _Gathering) -> None:
    try:
        to.add(name, to_rgb(decoded()))
    except (InvalidImage, *BROKEN):
        to.found.unread.append(f"a {name}")


def _count(image: Image.Image) -> int:
    return int(getattr(image, "n_frames", 1))


def _behind(content: bytes, walk: Walk, limits: ImageLimits, to: _Gathering) -> None:
    """Decode the JPEG files after the first one (MPO, gain maps), and name a film in `unread`."""
    if walk.end is None:
        return
    spans = list(_spans(content, walk.end, to))
    chosen = spread(len(spans) + 1, to.limits.max_frames)[1:]
    for index in chosen:
        start, end = spans[index - 1]
        name = f"picture {index + 1} of {len(spans) + 1}"
        if to.late or not _decoded(name, content[start:end], limits, to):
            to.found.unread.append(name)
    if len(chosen) < len(spans):
        to.found.unread.append(f"{len(spans) - len(chosen)} of {len(spans) + 1} pictures")
    if content.find(containers.FILM, walk.end) >= 0:
        to.found.unread.append("a film behind the picture")


def _spans(content: bytes, at: int, to: _Gathering) -> Iterator[tuple[int, int]]:
    """Start and end of each complete JPEG file after position `at`."""
    for _ in range(_MOST_STARTS):
        start = content.find(jpeg.MAGIC, at)
        if start < 0:
            return
        at = start + len(jpeg.MAGIC)
        with suppress(InvalidImage):
            end = jpeg.walk(content, start).end
            if end is not None:
                yield start, end
                at = end
    if content.find(jpeg.MAGIC, at) >= 0:
        to.found.unread.append("pictures behind the picture")


def _thumbnails(parts: list[bytes], limits: ImageLimits, to: _Gathering) -> None:
    for index, part in enumerate(parts):
        if index >= to.limits.max_thumbnails or to.late:
            to.found.unread.append(f"{len(parts) - index} of {len(parts)} thumbnails")
            return
        if not _decoded("thumbnail", part, limits, to):
            to.found.unread.append("a thumbnail")


def _decoded(name: str, content: bytes, limits: ImageLimits, to: _Gathering) -> bool:
    try:
        image = decode(content, limits)
    except InvalidImage:
        return False
    to.add(name, image.pixels, image.metadata if name != "thumbnail" else None)
    return True


def _scaled_down(pixels: Pixels, long_side_px: int) -> Pixels:
    height, width = pixels.shape[:2]
    factor = long_side_px / max(height, width)
    if factor >= 1.0:
        return pixels
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
