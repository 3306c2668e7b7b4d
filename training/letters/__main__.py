"""Fits the network of `engines.privacy.text.letters` anew.

    python -m training.letters --fonts FOLDER --textless FOLDER --signs FOLDER --unread FOLDER
        [--out FILE]

Fonts: any TrueType and OpenType files, one script each (Noto). Textless: photographs, and pictures
of the embedded model, without text. Signs: photographs with text. Unread: photographs in which the
detector finds nothing but text, of which some cannot be read. Takes about ten minutes on one core,
and needs fontTools, which comes with matplotlib.
"""

from __future__ import annotations

import argparse
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
_LINES, _EPOCHS, _EACH, _DRAWINGS = 3300, 18, 26, 40


def pictures(folder: Path) -> list[Pixels]:
    """The pictures in a folder as RGB, scaled down to 720 px."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with Image.open(path) as image:
            small = image.convert("RGB")
            small.thumbnail((_LONG_SIDE_PX, _LONG_SIDE_PX))
            found.append(np.asarray(small, np.uint8))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("fonts", "textless", "signs", "unread"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    letters = Letters([p for p in sorted(options.fonts.rglob("*")) if p.suffix in _FONTS])
    textless, detected = pictures(options.textless), Detected(rng)
    known = [pixels for _, pixels in structures(KNOWN, _EACH, 100)]
    examples = list(
        chain(
            drawn(letters, textless, _LINES, rng),
            busy_parts(textless, _LINES * 7 // 10, rng),
            busy_parts([*known, *map(drawing, range(1000, 1000 + _DRAWINGS))], _LINES, rng),
            detected.textless(known, times=2),
            detected.textless(with_parts(textless, rng), times=6),
            detected.read(pictures(options.signs), times=2),
            detected.unread(pictures(options.unread), times=5),
            detected.written(letters, textless, count=280, times=3),
        )
    )
    lines, truth = zip(*examples, strict=True)
    save(fitted(lines, truth, _EPOCHS), options.out)


if __name__ == "__main__":
    main()
