"""The real RapidOCR on rendered lines and on photographs without any."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from benchmarks.validators.pictures.renders import render, renders
from engines.privacy.config import TextConfig
from engines.privacy.pii import PatternPii
from engines.privacy.text import document_of, is_text
from engines.privacy.text.rapidocr_reader import RapidOcrReader

pytestmark = pytest.mark.slow


def test_finds_rendered_lines_in_many_fonts(rapidocr: RapidOcrReader) -> None:
    drawn = list(renders(6, seed=3))
    missed = [
        f"{item.text} {item.size_px} px {item.turn_deg} deg on {item.background}"
        for item in drawn
        if not any(is_text(line, TextConfig()) for line in rapidocr.read(item.pixels))
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("text", "kind", "turn"),
    [("jane.doe@example.com", "email", 90), ("+1 415 555 2671", "phone", -15)],
)
def test_reads_personal_data(
    rapidocr: RapidOcrReader, patterns: PatternPii, text: str, kind: str, turn: int
) -> None:
    lines = rapidocr.read(render(text, 24, turn, "gradient").pixels)
    assert [match.type for match in patterns.find(document_of(lines).text)] == [kind]


def test_two_engines_read_side_by_side_and_mix_nothing_up(rapidocr: RapidOcrReader) -> None:
    texts = ["jane.doe@example.com", "EMERGENCY EXIT", "+1 415 555 2671", "Platform 9"]
    drawn = [render(text, 28).pixels for text in texts]
    alone = [rapidocr.read(pixels) for pixels in drawn]
    pair = RapidOcrReader(TextConfig(), threads=1, engines=2)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(pair.read, drawn * 2))
    assert together == alone * 2
    assert len({document_of(lines).text for lines in alone}) == len(texts)


@pytest.mark.parametrize("name", ["coffee.png", "grass.png", "camera.png"])
def test_reads_nothing_where_there_is_none(
    rapidocr: RapidOcrReader, photos: Any, name: str
) -> None:
    lines = rapidocr.read(photos.pixels(name))
    assert [line for line in lines if is_text(line, TextConfig())] == []


def test_boxes_are_in_pixels_of_the_large_image(rapidocr: RapidOcrReader) -> None:
    large = np.full((1080, 1920, 3), 255, dtype=np.uint8)
    drawn = render("EMERGENCY EXIT", 40).pixels
    large[500:1012, 1300:1812] = drawn
    lines = rapidocr.read(large)
    ink = np.argwhere(large.min(axis=2) < 128)
    (top, left), (bottom, right) = ink.min(axis=0), ink.max(axis=0)
    assert min(line.box[0] for line in lines) == pytest.approx(left, abs=12)
    assert min(line.box[1] for line in lines) == pytest.approx(top, abs=16)
    assert max(line.box[0] + line.box[2] for line in lines) == pytest.approx(right, abs=12)
    assert max(line.box[1] + line.box[3] for line in lines) == pytest.approx(bottom, abs=16)
