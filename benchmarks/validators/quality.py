"""Measures the quality score on images with defects, and its cost. The command is
`benchmarks.validators`.

The photographs are those of scikit-image, or all images below a folder. The score was calibrated
with other photographs than those of scikit-image.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from scipy.stats import spearmanr

from benchmarks.validators.quality_tables import (
    fair_kinds,
    fairness,
    families,
    of_folder,
    other_forms,
    size_table,
)
from engines.errors import InvalidImage
from engines.images import ImageLimits, decode, encode_jpeg
from engines.metrics.gray import luma, shrunk
from engines.metrics.sharpness import laplacian_variance
from engines.quality import QualityConfig, QualityValidator
from engines.quality.config import ILLUSTRATION, PHOTO, ScoreThresholds
from engines.quality.judging import judge
from training.quality.pictures.distortions import DISTORTIONS
from training.quality.pictures.drawings import drawing

if TYPE_CHECKING:
    from engines.types import Pixels

PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
_LARGEST_PX = 1024
_TIMED_RUNS = 30
_DRAWINGS = 25


def report(
    folder: Path | None, photo_count: int | None = None, pictures: Path | None = None
) -> None:
    """Print every table. `photo_count`: use only so many photographs. `pictures`: folder that has
    a folder of good pictures for each kind."""
    cv2.setNumThreads(1)
    photos = dict(islice(photographs(folder), photo_count))
    print(f"{len(photos)} photographs, long side at most {_LARGEST_PX} px\n")
    some = list(photos.values())
    print(families(some, every=1 if photo_count is None else len(some)))
    print(other_forms(some))
    print(fair_kinds(some))
    if pictures is not None:
        print(fairness(of_folder(pictures, photo_count)))
    if photo_count is None:
        print(size_table())
    print(monotonicity(some))
    print(calibration(list(photos.values())))
    print(cost(next(iter(photos.values()))))


def photographs(folder: Path | None) -> Iterator[tuple[str, Pixels]]:
    """Name and RGB pixels of all photographs below a folder, or of those of scikit-image; the long
    side is at most 1024 px."""
    return _in_folder(folder) if folder else _of_scikit_image()


def score(pixels: Pixels, thresholds: ScoreThresholds | None = PHOTO) -> float:
    """The quality score of uint8 RGB pixels, 0 to 1. None: the content selects the thresholds."""
    return judge(pixels, QualityConfig(thresholds=thresholds)).score


def monotonicity(photos: list[Pixels]) -> str:
    """A table of the mean Spearman correlation of level and score, compared with the variance of
    the Laplacian."""
    lines = [
        "| distortion (levels) | mean score, clean then levels | mean Spearman | strictly monotone "
        "| variance of Laplacian alone |",
        "|---|---|---|---|---|",
    ]
    for name, (distort, levels) in DISTORTIONS.items():
        variants = [[p, *(distort(p, level) for level in levels)] for p in photos]
        scores = np.array([[score(pixels) for pixels in row] for row in variants])
        correlations = [_falling(row) for row in scores]
        alone = [_falling([_plain_sharpness(pixels) for pixels in row]) for row in variants]
        strict = sum(bool((np.diff(row) < 0).all()) for row in scores)
        means = " ".join(f"{value:.2f}" for value in scores.mean(axis=0))
        steps = "/".join(f"{level:g}" for level in levels)
        lines.append(
            f"| {name} ({steps}) | {means} | {np.mean(correlations):.3f} | {strict}/{len(photos)} "
            f"| {np.mean(alone):.2f} |"
        )
    return "\n".join(lines) + "\n"


def calibration(photos: list[Pixels]) -> str:
    """A table of the median, least and greatest score of photographs, drawings and meaningless
    pictures, for each set of thresholds."""
    sets: Mapping[str, list[Pixels]] = {
        "clean photographs": photos,
        "flat drawings": [drawing(index) for index in range(_DRAWINGS)],
        "blank, gradients, noise, checkerboards": list(_junk()),
    }
    lines = [
        "| images | `photo` median (min..max) | `illustration` median (min..max) |",
        "|---|---|---|",
    ]
    for name, images in sets.items():
        cells = []
        for thresholds in (PHOTO, ILLUSTRATION):
            found = [score(pixels, thresholds) for pixels in images]
            cells.append(f"{np.median(found):.2f} ({min(found):.2f}..{max(found):.2f})")
        lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines) + "\n"


def cost(photo: Pixels) -> str:
    """A table of CPU milliseconds per image, with one thread."""
    validator = QualityValidator(QualityConfig())
    lines = [
        "| CPU ms | measuring and scoring | with JPEG decoding | variance of Laplacian alone |",
        "|---|---|---|---|",
    ]
    for name, size in (("512 x 512", (512, 512)), ("1920 x 1080", (1920, 1080))):
        pixels = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
        content = encode_jpeg(pixels, 90)
        alone = _cpu_ms(partial(score, pixels))
        whole = _cpu_ms(partial(validator.validate, content, "k"))
        plain = _cpu_ms(partial(_plain_sharpness, pixels))
        lines.append(f"| {name} | {alone:.1f} | {whole:.1f} | {plain:.1f} |")
    return "\n".join(lines) + "\n"


def _falling(values: list[float] | np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(spearmanr(range(len(values)), values).statistic)


def _plain_sharpness(pixels: Pixels) -> float:
    return laplacian_variance(shrunk(luma(pixels)))


def _cpu_ms(run: Callable[[], object]) -> float:
    run()
    start = time.process_time()
    for _ in range(_TIMED_RUNS):
        run()
    return (time.process_time() - start) / _TIMED_RUNS * 1000


def _of_scikit_image() -> Iterator[tuple[str, Pixels]]:
    import skimage.data

    folder = Path(skimage.data.__file__).parent
    for name in PHOTOS:
        yield name, _at_most(decode((folder / name).read_bytes(), ImageLimits()).pixels)


def _in_folder(folder: Path) -> Iterator[tuple[str, Pixels]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                yield path.name, _at_most(decode(path.read_bytes(), ImageLimits()).pixels)
            except InvalidImage as error:
                print(f"{path.name}: {error.message}")


def _at_most(pixels: Pixels) -> Pixels:
    scale = _LARGEST_PX / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def _junk() -> Iterator[Pixels]:
    rng, x = np.random.default_rng(0), np.arange(512)
    planes = [np.full((512, 512), level) for level in (0, 128, 255)]
    planes += [np.tile(x / 2, (512, 1)), (x[:, None] + x) / 4]
    planes += [rng.integers(0, 256, (512, 512)), rng.normal(128, 40, (512, 512))]
    planes += [((x[:, None] // side + x // side) % 2) * 255 for side in (2, 8, 32)]
    for plane in planes:
        yield np.repeat(np.clip(plane, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
