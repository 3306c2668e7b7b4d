"""The second set of openly licensed photographs: pictures of templates on npm with the MIT license.

Part of `python -m benchmarks.validators.pictures.licensed`. Kinds were assigned by hand. Pictures
that are not named here are photographs.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

LICENSES: Mapping[str, str] = {
    "argon-design-system-free@1.2.0": "MIT: package.json, LICENSE.md (2020 Creative Tim), README",
    "material-kit@2.0.4": "MIT: package.json, LICENSE.md (2018 Creative Tim), README",
    "material-kit-react@1.10.0": "MIT: LICENSE.md (2021 Creative Tim), README",
    "now-ui-dashboard@1.0.1": "MIT: package.json, LICENSE.md (2017 Creative Tim)",
    "paper-kit-2@2.1.0": "MIT: package.json, LICENSE.md (2017 Creative Tim), README",
    **dict.fromkeys(
        (
            "startbootstrap-agency@7.0.12",
            "startbootstrap-business-casual@7.0.9",
            "startbootstrap-clean-blog@6.0.9",
            "startbootstrap-coming-soon@6.0.7",
            "startbootstrap-creative@7.0.7",
            "startbootstrap-grayscale@7.0.6",
            "startbootstrap-landing-page@6.0.6",
            "startbootstrap-one-page-wonder@6.0.6",
            "startbootstrap-stylish-portfolio@6.0.6",
        ),
        "MIT: package.json, LICENSE (2013-2023 Start Bootstrap LLC), README",
    ),
}
"""Package to its license, and the files of the package that state it. No package names another
license for its pictures. These were removed on 2026-11-28 because their files contradict each
other: blk-design-system@1.0.2 and now-ui-kit@1.3.0 (package.json: "Creative Tim License", a badge
or LICENSE.md: MIT) and soft-ui-design-system@1.0.4 (package.json: MIT, README: "Creative Tim
license", no file); startbootstrap-new-age@6.0.7 has no picture that is large enough."""
PACKAGES = tuple(LICENSES)
KINDS = {
    "neon": (
        "argon-design-system-free_ali-pazani",
        "argon-design-system-free_img-1-1200x1000",
        "argon-design-system-free_img-2-1200x1000",
        "material-kit_kendall",
        "sb_agency_6",
        "sb_one-page-wonder_02",
        "sb_one-page-wonder_03",
        "sb_agency_5",
    ),
    "page": (
        "argon-design-system-free_landing",
        "argon-design-system-free_profile",
        "material-kit-react_landing",
        "material-kit-react_profile",
        "material-kit_landing",
        "material-kit_profile",
        "paper-kit-2_profile-page",
    ),
}
"""Kind to the names of its pictures."""
LEFT_OUT = frozenset(
    [
        "material-kit-react_bg4",
        "material-kit-react_sidebar-1",
        "material-kit-react_sign",
        "sb_landing-page_testimonials-2",
    ]
)
"""Screenshots, logos and pictures that are blurred on purpose."""
_PICTURE = re.compile(r"\.(jpe?g|webp)$", re.IGNORECASE)
_SMALLEST_PX, _LARGEST_PX, _SAME_BITS = 300, 1024, 12


def pictures(
    folder: Path, packages: Iterable[str] = PACKAGES
) -> Iterator[tuple[str, str, Image.Image]]:
    """Kind, name and picture of each, without near copies. Downloads with npm into `folder`."""
    return sorted_out(named for package in packages for named in _of_package(package, folder))


def sorted_out(
    named: Iterable[tuple[str, Image.Image]],
) -> Iterator[tuple[str, str, Image.Image]]:
    """Adds the kind, and leaves out near copies of earlier pictures and those in `LEFT_OUT`."""
    seen: list[np.ndarray[tuple[int], np.dtype[np.bool_]]] = []
    for name, picture in named:
        mine = look(picture)
        if any(int((mine != other).sum()) < _SAME_BITS for other in seen):
            continue
        seen.append(mine)
        if name not in LEFT_OUT:
            yield _kind(name), name, picture


def _kind(name: str) -> str:
    return next((kind for kind, names in KINDS.items() if name in names), "photo")


def _of_package(package: str, folder: Path) -> Iterator[tuple[str, Image.Image]]:
    subprocess.run(("npm", "pack", "--silent", package), cwd=folder, check=True)
    short, _, version = package.partition("@")
    return unpacked(short, folder / f"{short}-{version}.tgz")


def unpacked(package: str, path: Path) -> Iterator[tuple[str, Image.Image]]:
    """Name and picture of each picture in the archive at `path` that is large enough."""
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member) if _PICTURE.search(member.name) else None
            picture = _opened(content.read()) if content is not None else None
            if picture is not None:
                label = package.replace("startbootstrap-", "sb_")
                yield f"{label}_{Path(member.name).stem}", picture


def _opened(content: bytes) -> Image.Image | None:
    """The picture, sides at most 1024 pixels; None if it is too small or cannot be read."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            picture = image.convert("RGB")
    except (UnidentifiedImageError, OSError):
        return None
    if min(picture.size) < _SMALLEST_PX:
        return None
    picture.thumbnail((_LARGEST_PX, _LARGEST_PX), Image.Resampling.LANCZOS)
    return picture


def look(picture: Image.Image) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """A difference hash (dHash) of 64 bits: near copies differ in few bits."""
    small = np.asarray(picture.convert("L").resize((9, 8), Image.Resampling.BOX), np.int16)
    return (small[:, 1:] > small[:, :-1]).ravel()
