"""The cost of a mark: CPU milliseconds and bytes per image, by format.

python -m benchmarks.marks [--side 512] [--repeats 50]
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from engines.datasets.recipes.png import encode_with_recipe, pixel_sha256
from engines.datasets.recipes.recipe import Recipe, RecipeParameters
from engines.provenance.claims import created
from engines.provenance.config import MarksConfig
from engines.provenance.development import identity_in, new_bundle
from engines.provenance.identity import SigningIdentity
from engines.provenance.log import MarkLog
from engines.provenance.marks import Marks
from engines.provenance.signing import C2paSigner
from engines.storage.folder.storage import FolderStorage

if TYPE_CHECKING:
    from engines.types import Pixels


def picture(side: int) -> Pixels:
    """An image of smooth shapes with a little noise, similar to generated images."""
    noise = np.random.default_rng(7).normal(128, 90, (side, side, 3))
    soft = cv2.GaussianBlur(noise, (0, 0), side / 30) * 6 - 5 * 128
    grain = np.random.default_rng(8).normal(0, 2, soft.shape)
    return np.clip(soft + grain, 0, 255).astype(np.uint8)


def recipe_of(pixels: Pixels) -> Recipe:
    """A recipe of typical length."""
    side = len(pixels)
    parameters = RecipeParameters("runwayml/stable-diffusion-v1-5", side, side, 30, 7.5, 42)
    return Recipe(
        "image_0123456789abcdef",
        "a fox in the snow",
        None,
        parameters,
        "inferloop/mini",
        "0" * 40,
        "DDIMScheduler",
        datetime(2026, 1, 1, tzinfo=UTC),
        pixel_sha256(pixels),
    )


def encoded(pixels: Pixels, kind: str) -> bytes:
    """The image as a file of the format `kind` (PNG, JPEG or WEBP), without a mark."""
    if kind == "PNG":
        return encode_with_recipe(pixels, recipe_of(pixels))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=90)
    return file.getvalue()


def cpu_ms(work: Callable[[], object], repeats: int) -> float:
    """Median CPU time of a call, milliseconds."""
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return 1000 * statistics.median(taken)


def rows(side: int, repeats: int) -> list[tuple[str, int, int, float]]:
    """Rows of format, bytes of the image, bytes of the mark, CPU milliseconds of marking."""
    identity, _ = identity_in(new_bundle())
    by_kms = SigningIdentity(identity.chain, identity.algorithm, identity.sign)
    signers = {"": C2paSigner(identity), ", KMS function": C2paSigner(by_kms)}
    return [
        (f"{kind}{name}", *cost(signer, picture(side), kind, repeats))
        for name, signer in signers.items()
        for kind in ("PNG", "JPEG", "WEBP")
    ]


def cost(signer: C2paSigner, pixels: Pixels, kind: str, repeats: int) -> tuple[int, int, float]:
    """Bytes of the image, bytes of the mark, CPU milliseconds of marking."""
    content, media_type = encoded(pixels, kind), f"image/{kind.lower()}"
    segment = "20260101T000000-0123456789ab-000000"
    definition = created(recipe_of(pixels), segment, MarksConfig())
    more = len(signer.sign(content, media_type, definition)) - len(content)
    taken = cpu_ms(lambda: signer.sign(content, media_type, definition), repeats)
    return len(content), more, taken


def with_log(side: int, repeats: int) -> float:
    """CPU milliseconds of marking, including the line in the mark log of a folder."""
    pixels = picture(side)
    png, recipe = encoded(pixels, "PNG"), recipe_of(pixels)
    identity, _ = identity_in(new_bundle())
    with tempfile.TemporaryDirectory() as folder:
        log = MarkLog(FolderStorage(Path(folder)))
        marks = Marks(C2paSigner(identity), identity, log, MarksConfig())
        return cpu_ms(lambda: marks.created("generated/d/i.png", png, recipe), repeats)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=512, help="pixels")
    parser.add_argument("--repeats", type=int, default=50)
    options = parser.parse_args()
    print(f"| {options.side} px | image, bytes | mark, bytes | CPU, ms |")
    print("|---|---|---|---|")
    for name, size, more, taken in rows(options.side, options.repeats):
        print(f"| {name} | {size} | {more} | {taken:.2f} |")
    taken = with_log(options.side, options.repeats)
    print(f"| PNG with its line in the log (folder) | | | {taken:.2f} |")


if __name__ == "__main__":
    main()
