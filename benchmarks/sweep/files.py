"""The files: images in installed packages, images as phones, scanners and browsers write them, and
damaged copies of both."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engines.types.image_formats import is_image_name

LARGEST_BYTES = 1_000_000
ODD_NAMES = ("test/cats-1", "train/été", "val set", "x[1]", "a+b%20c", "山", "data.v2", "x.quality")
"""Folders and names that readers of exports could interpret in a special way."""


def files(count: int, folders: list[Path], seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """`count` names and contents: unusual formats, then images from `folders` (with the unusual
    formats at most half of all), then damaged copies of these."""
    whole = list(odd_formats())
    packaged = (path for folder in folders for path in sorted(folder.rglob("*")))
    images = (path for path in packaged if _is_small_image(path))
    found = list(islice(images, 20 * count))
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(found))[: max(0, count // 2 - len(whole))]
    whole += [(found[at].name, found[at].read_bytes()) for at in sorted(chosen)]
    for number in range(count):
        name, content = whole[number % len(whole)]
        content = content if number < len(whole) else broken(content, rng)
        stem, suffix = ODD_NAMES[number % len(ODD_NAMES)], Path(name).suffix
        yield f"{stem}_{number:04d}{suffix}", content


def _is_small_image(path: Path) -> bool:
    return is_image_name(path.name) and path.is_file() and 0 < path.stat().st_size < LARGEST_BYTES


def broken(content: bytes, rng: np.random.Generator) -> bytes:
    """The content cut off, with a part repeated, or with 8 random bytes."""
    kind, at = int(rng.integers(3)), int(rng.integers(1, len(content)))
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:at] + content[at // 2 :]
    sown = bytearray(content)
    for place in rng.integers(0, len(content), 8):
        sown[place] = int(rng.integers(256))
    return bytes(sown)


def odd_formats() -> Iterator[tuple[str, bytes]]:
    """One file of each kind that is easily read wrongly: several frames, bit depths, color spaces,
    EXIF orientation, AVIF, HEIC."""
    picture = Image.fromarray(_ramp())
    frames: dict[str, Any] = {"save_all": True, "append_images": [picture.rotate(90)] * 2}
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, options in {
        "turned.jpg": {"exif": exif},
        "frames.gif": frames,
        "frames.png": frames,
        "frames.webp": {**frames, "lossless": True},
        "pages.tiff": frames,
        "two.mpo": frames,
        "photo.avif": {},
        "packed.tif": {"compression": "tiff_lzw"},
        "plain.bmp": {},
        "scans.jfif": {"progressive": True},
    }.items():
        yield name, _saved(picture, name, **options)
    for mode, name in (
        ("CMYK", "print.jpg"),
        ("L", "gray.png"),
        ("LA", "gray_alpha.png"),
        ("1", "fax.tiff"),
        ("P", "palette.gif"),
        ("RGBA", "alpha.webp"),
    ):
        yield name, _saved(picture.convert(mode), name)
    yield "deep.png", _saved(Image.fromarray(_ramp()[..., 0].astype(np.uint16) * 257), "deep.png")
    yield from _heic(picture)


def _heic(picture: Image.Image) -> Iterator[tuple[str, bytes]]:
    try:
        import pillow_heif
    except ImportError:
        return
    pillow_heif.register_heif_opener()
    yield "phone.heic", _saved(picture, "phone.heic")


def _saved(image: Image.Image, name: str, **options: Any) -> bytes:
    kinds = {".mpo": "MPO", ".jfif": "JPEG", ".heic": "HEIF"}
    kind = kinds.get(Path(name).suffix) or Image.registered_extensions()[Path(name).suffix]
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _ramp() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A color gradient, uint8 RGB (72, 96, 3)."""
    y, x = np.mgrid[0:72, 0:96]
    return np.stack([x * 2, y * 3, (x + y) % 256], axis=-1).astype(np.uint8)
