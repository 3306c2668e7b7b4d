"""Fits the network of `engines.privacy.text.letters` anew.

    python -m training.letters --fonts FOLDER --textless FOLDER --signs FOLDER --unread FOLDER
        [--out FILE] [--share 1.0]

Fonts: any TrueType and OpenType files, one script each (Noto). Textless: photographs, and pictures
of the embedded model, without text. Signs: photographs with text. Unread: photographs in which the
detector finds nothing but text, of which some cannot be read. Takes about ten minutes on one core,
and needs fontTools, which comes with matplotlib. `--share 0.02` makes a trial with that share of
the examples and of the epochs in a minute.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from PIL import Image

from engines.privacy.text.letters import SHIPPED
from training.letters.examples import Detected, busy_parts, drawn, with_parts
from training.letters.fit import fitted, save
from training.letters.lines import Letters
from training.letters.structures import KNOWN, structures
from training.quality.pictures.drawings import drawing

if TYPE_CHECKING:
    from engines.types import Pixels

_LONG_SIDE_PX = 720
_FONTS = (".ttf", ".otf", ".ttc")
_PICTURES = (".jpg", ".jpeg", ".png", ".webp")
_LINES, _EPOCHS, _EACH, _DRAWINGS = 3300, 18, 26, 40


def files(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """The files below a folder with one of the suffixes. Raises `SystemExit` if there is none."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes)
    if not found:
        raise SystemExit(f"{folder}: no file ends in {', '.join(suffixes)}")
    return found


def pictures(folder: Path) -> list[Pixels]:
    """The pictures below a folder as RGB, scaled down to 720 px. Raises `SystemExit` if there is
    none."""
    found = []
    for path in files(folder, _PICTURES):
        with Image.open(path) as image:
            small = image.convert("RGB")
            small.thumbnail((_LONG_SIDE_PX, _LONG_SIDE_PX))
            found.append(np.asarray(small, np.uint8))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("fonts", "textless", "signs", "unread"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)

    def part(count: int) -> int:
        return max(1, round(count * options.share))

    lines, epochs = part(_LINES), part(_EPOCHS)
    letters = Letters(files(options.fonts, _FONTS))
    textless, signs = pictures(options.textless), pictures(options.signs)
    unread, detected = pictures(options.unread), Detected(rng)
    known = [pixels for _, pixels in structures(KNOWN, part(_EACH), 100)]
    examples = list(
        chain(
            drawn(letters, textless, lines, rng),
            busy_parts(textless, part(_LINES * 7 // 10), rng),
            busy_parts([*known, *map(drawing, range(1000, 1000 + part(_DRAWINGS)))], lines, rng),
            detected.textless(known, times=2),
            detected.textless(with_parts(textless, rng), times=6),
            detected.read(signs, times=2),
            detected.unread(unread, times=5),
            detected.written(letters, textless, count=part(280), times=3),
        )
    )
    shown, truth = zip(*examples, strict=True)
    save(fitted(shown, truth, epochs), options.out)


if __name__ == "__main__":
    main()
