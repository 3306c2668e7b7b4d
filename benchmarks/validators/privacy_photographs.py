"""How often photographs without text are taken for text, and by which regions.

    python -m benchmarks.validators.privacy_photographs FOLDER [--least-likeness 0.4]

Looks at every picture below FOLDER, scaled down to a long side of at most 2000 px, with the real
reader. Put only pictures without text there: a sign far away is text. The pictures of
`benchmarks/validators/pictures/` are a source. Prints each region that gives an issue, then a
Markdown table with a row for each folder. About 0.4 s of CPU time for a picture.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from engines.privacy.config import TextConfig
from engines.privacy.text import is_text, is_unread
from engines.privacy.text.rapidocr_reader import RapidOcrReader

if TYPE_CHECKING:
    from engines.privacy.model import TextReader, TextRegion
    from engines.types import Pixels

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
LONG_SIDE_PX = 2000


@dataclass(slots=True)
class Alarms:
    """Counts of the pictures of a folder."""

    pictures: int = 0
    text: int = 0
    """Pictures with a line that counts as text, read or not."""
    unread: int = 0
    """Pictures that fail, because a line counts as unread."""

    def __str__(self) -> str:
        share = 100 * self.text / max(1, self.pictures)
        return f"{self.pictures} | {self.text} ({share:.1f} %) | {self.unread}"


def pictures(folder: Path) -> Iterator[tuple[Path, Pixels]]:
    """Path and RGB pixels, uint8 (height, width, 3), of each picture below `folder`."""
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
        with Image.open(path) as image:
            shown = image.convert("RGB")
        shown.thumbnail((LONG_SIDE_PX, LONG_SIDE_PX))
        yield path, np.asarray(shown, np.uint8)


def alarms(
    reader: TextReader, pixels: Pixels, config: TextConfig
) -> Iterator[tuple[str, TextRegion]]:
    """The issue, `text` or `text_unread`, and the region of each line that counts as text."""
    for region in reader.read(pixels):
        if is_unread(region, max(pixels.shape[:2]), config):
            yield "text_unread", region
        elif is_text(region, config):
            yield "text", region


def measured(folder: Path, reader: TextReader, config: TextConfig) -> dict[str, Alarms]:
    """Folder, relative to `folder`, to the counts of its pictures. Prints each alarm."""
    table: dict[str, Alarms] = defaultdict(Alarms)
    for path, pixels in pictures(folder):
        counts = table[str(path.parent.relative_to(folder))]
        found = list(alarms(reader, pixels, config))
        counts.pictures += 1
        counts.text += bool(found)
        counts.unread += any(issue == "text_unread" for issue, _ in found)
        for issue, region in found:
            read = f"{region.text!r} with {region.confidence:.2f}, likeness {region.likeness:.2f}"
            print(f"{path.relative_to(folder)}: {issue} at {region.box}, {read}", flush=True)
    return dict(table)


def report(table: dict[str, Alarms]) -> str:
    total = Alarms(
        *(sum(getattr(row, name) for row in table.values()) for name in Alarms.__slots__)
    )
    rows = [f"| {name} | {counts} |" for name, counts in [*table.items(), ("all", total)]]
    head = ["| folder | pictures | taken for text | of these unread |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--least-likeness", type=float, default=TextConfig().least_likeness)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    config = TextConfig(least_likeness=options.least_likeness)
    print(report(measured(options.folder, RapidOcrReader(config, threads=1), config)))


if __name__ == "__main__":
    main()
