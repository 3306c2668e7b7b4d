"""How often the invisible watermark is found after different changes of the image.

    python -m benchmarks.watermark FOLDER

FOLDER contains PNG images without a watermark, for example from the embedded model. Prints a
Markdown table: the share of images in which it is found, the median of correct bits, and CPU
seconds.
"""

from __future__ import annotations

import argparse
import io
import math
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from engines.provenance.config import MarksConfig
from engines.provenance.watermark import FOUND_FROM, RivaGan, models_folder, watermarked
from engines.types import GeneratedImage, GenerationRequest

if TYPE_CHECKING:
    from engines.types import Pixels


def saved(pixels: Pixels, kind: str, quality: int) -> Pixels:
    """The picture encoded and decoded in a lossy format."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def scaled(pixels: Pixels, share: float) -> Pixels:
    """The picture scaled by the factor `share`."""
    height, width = pixels.shape[:2]
    size = (round(width * share), round(height * share))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def cropped(pixels: Pixels, share: float) -> Pixels:
    """The middle of the picture: `share` of its width and height."""
    height, width = pixels.shape[:2]
    top, left = round(height * (1 - share) / 2), round(width * (1 - share) / 2)
    return pixels[top : height - top, left : width - left]


def decibels(one: Pixels, other: Pixels) -> float:
    """Peak signal-to-noise ratio (PSNR), dB."""
    error = float(np.mean((one.astype(float) - other) ** 2))
    return 10 * math.log10(255**2 / max(error, 1e-9))


DONE: Mapping[str, Callable[[Pixels], Pixels]] = {
    "nothing": lambda pixels: pixels,
    "JPEG 90": lambda pixels: saved(pixels, "JPEG", 90),
    "JPEG 75": lambda pixels: saved(pixels, "JPEG", 75),
    "JPEG 50": lambda pixels: saved(pixels, "JPEG", 50),
    "WebP 80": lambda pixels: saved(pixels, "WEBP", 80),
    "half size": lambda pixels: scaled(pixels, 0.5),
    "middle 80 %": lambda pixels: cropped(pixels, 0.8),
    "mirrored": lambda pixels: pixels[:, ::-1],
}


def main(arguments: list[str]) -> None:
    """Print the table of one folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--strength", type=float, default=MarksConfig().watermark_strength)
    options = parser.parse_args(arguments)
    folder, word = models_folder(MarksConfig()), MarksConfig().watermark_word
    if folder is None:
        sys.exit("the models of the watermark are not installed; see docs/provenance.md")
    rivagan = RivaGan(folder)
    config = MarksConfig(watermark_strength=options.strength)
    finish = watermarked(lambda _request, image: image, frozenset({"m"}), config)
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in _pngs(options.folder)]
    began = time.process_time()
    marked = [finish(REQUEST, _made(each)).pixels for each in pictures]
    write_s = (time.process_time() - began) / len(pictures)
    psnr = statistics.median(map(decibels, pictures, marked))
    print(
        f"{len(pictures)} pictures, strength {options.strength:g}: {psnr:.1f} dB, {write_s:.2f} s "
        f"of CPU to write and check, found from {FOUND_FROM} of 32 bits\n\n"
        "| done to it | found | median bits |\n|---|---|---|"
    )
    rows = {**DONE, "never watermarked": None}
    for name, change in rows.items():
        seen = pictures if change is None else [change(each) for each in marked]
        read = [rivagan.read(np.ascontiguousarray(each), word) for each in seen]
        found = sum(each.is_found for each in read)
        bits = statistics.median(each.agreeing for each in read)
        print(f"| {name} | {found} of {len(read)} | {bits:g} |", flush=True)


REQUEST = GenerationRequest("image", "", "m", 512, 512, 1, 1.0, 0)


def _made(pixels: Pixels) -> GeneratedImage:
    return GeneratedImage(pixels, "m", None, "DDIMScheduler", {})


def _pngs(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*.png"))
    return found or sys.exit(f"no PNG below {folder}")


if __name__ == "__main__":
    main(sys.argv[1:])
