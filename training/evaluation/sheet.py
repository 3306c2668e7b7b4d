"""Arranges pictures on a labeled sheet, or on shuffled sheets for a blind evaluation by a
person."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
"""(n, height, width, 3) uint8, sRGB."""
Sheet = NDArray[np.uint8]
"""(height, width, 3) uint8, sRGB."""
BLIND_COLUMNS, BLIND_ROWS, BLIND_PX = 6, 4, 224


def labelled(images: Images, labels: Sequence[str], columns: int, tile_px: int) -> Sheet:
    """Return one sheet with a caption over each picture."""
    cells = []
    for image, label in zip(images, labels, strict=True):
        cell = np.full((tile_px + 14, tile_px, 3), 255, np.uint8)
        cell[14:] = cv2.resize(image, (tile_px, tile_px), interpolation=cv2.INTER_AREA)
        cv2.putText(cell, label, (1, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.29, (0, 0, 0), 1, cv2.LINE_AA)
        cells.append(cell)
    while len(cells) % columns:
        cells.append(np.full_like(cells[0], 255))
    rows = [np.concatenate(cells[i : i + columns], 1) for i in range(0, len(cells), columns)]
    return np.concatenate(rows)


def write(path: Path, sheet: Sheet) -> None:
    """Write a sheet as PNG with the strongest compression."""
    cv2.imwrite(str(path), np.ascontiguousarray(sheet[..., ::-1]), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def write_blind(folder: Path, images: Images, prompts: Sequence[str], *, seed: int = 0) -> None:
    """Write sheets of numbered pictures in random order, and ``key.json`` with the prompt of each
    number. For a blind evaluation, name every picture before you open the key."""
    folder.mkdir(parents=True, exist_ok=True)
    order = list(range(len(images)))
    random.Random(seed).shuffle(order)
    each = BLIND_COLUMNS * BLIND_ROWS
    for at in range(0, len(order), each):
        part = order[at : at + each]
        numbers = [str(at + n) for n in range(len(part))]
        sheet = labelled(images[part], numbers, BLIND_COLUMNS, BLIND_PX)
        write(folder / f"blind_{at // each}.png", sheet)
    key = {str(number): prompts[index] for number, index in enumerate(order)}
    (folder / "key.json").write_text(json.dumps(key, indent=1), encoding="utf-8")
