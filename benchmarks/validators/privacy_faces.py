"""How often faces in photographs are found, and how often photographs without people give one.

    python -m benchmarks.validators.privacy_faces LABELS [--folder FOLDER] [--turned]
        [--long-side 1600] [--settings '{"centerface": false}']

LABELS is a JSON object of each file, relative to FOLDER (by default the folder of LABELS), to
`yes` (a person's face can be seen), `no` or `drawn` (statues, paintings, dolls, masks of faces).
Leave out what you cannot decide by eye. `benchmarks/validators/pictures/faces.py` makes the folder
and the labels of the third set of docs/privacy.md. Prints the misses and false alarms, then two
Markdown tables: how many pictures of each label have a face, upright and with `--turned` rotated
too, and the CPU time of pictures. `--settings`: fields of `privacy.faces` that differ.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from engines.privacy.config import FaceConfig
from engines.privacy.faces import build_face_detector

if TYPE_CHECKING:
    from engines.privacy.model import FaceDetector
    from engines.types import Pixels

LABELS = ("yes", "no", "drawn")
LONG_SIDE_PX = 1600

Found = dict[str, dict[int, list[str]]]
"""Label to quarter turns to the names of the pictures in which a face was found."""


def labeled(path: Path) -> dict[str, str]:
    """File to label. Raises `ValueError` for another label."""
    labels: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    if wrong := sorted(set(labels.values()) - set(LABELS)):
        raise ValueError(f"{path}: unknown labels {wrong}; known are {list(LABELS)}")
    return labels


def pictures(
    folder: Path, labels: Mapping[str, str], long_side_px: int
) -> Iterator[tuple[str, str, Pixels]]:
    """Name, label, and RGB pixels, uint8 (height, width, 3), on white where transparent."""
    for name, label in labels.items():
        with Image.open(folder / name) as image:
            shown = Image.new("RGBA", image.size, "white")
            shown.alpha_composite(image.convert("RGBA"))
        small = shown.convert("RGB")
        small.thumbnail((long_side_px, long_side_px))
        yield name, label, np.asarray(small, np.uint8)


def measured(
    detector: FaceDetector, shown: Iterable[tuple[str, str, Pixels]], turns: Sequence[int]
) -> tuple[Found, dict[str, list[float]]]:
    """The pictures with a face at each of `turns`, and the label to the CPU ms of each picture
    upright. Prints what is wrong."""
    found: Found = {label: {turn: [] for turn in turns} for label in LABELS}
    cost: dict[str, list[float]] = defaultdict(list)
    for name, label, pixels in shown:
        for turn in turns:
            started = time.process_time()
            faces = detector.detect(np.ascontiguousarray(np.rot90(pixels, turn)))
            if turn == 0:
                cost[label].append(1000 * (time.process_time() - started))
            if faces:
                found[label][turn].append(name)
            if label != "drawn" and bool(faces) != (label == "yes"):
                where = f", rotated by {90 * turn} degrees" if turn else ""
                print(f"{'false' if faces else 'missed'}: {name}{where}", flush=True)
    return found, dict(cost)


def report(found: Found, cost: Mapping[str, Sequence[float]]) -> str:
    turns = list(found["yes"])
    titles = ["upright" if turn == 0 else f"rotated by {90 * turn}" for turn in turns]
    lines = [
        f"| label | pictures | {' | '.join(titles)} | CPU ms |",
        "|---" * (len(turns) + 3) + "|",
    ]
    for label, times in cost.items():
        shares = [
            f"{len(names)} ({100 * len(names) / len(times):.1f} %)"
            for names in found[label].values()
        ]
        lines.append(
            f"| {label} | {len(times)} | {' | '.join(shares)} | {float(np.median(times)):.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--turned", action="store_true")
    parser.add_argument("--long-side", type=int, default=LONG_SIDE_PX)
    parser.add_argument("--settings", type=json.loads, default={})
    options = parser.parse_args()
    cv2.setNumThreads(1)
    detector = build_face_detector(FaceConfig.model_validate(options.settings))
    folder = options.folder or options.labels.parent
    shown = pictures(folder, labeled(options.labels), options.long_side)
    print(report(*measured(detector, shown, (0, 1, 2, 3) if options.turned else (0,))))


if __name__ == "__main__":
    main()
