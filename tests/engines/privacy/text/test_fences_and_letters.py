"""A fence is no line of text; a line in a script that nobody here reads is one."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont
from rapidocr.ch_ppocr_det.utils import DBPostProcess

from benchmarks.validators.pictures.renders import dejavu
from benchmarks.validators.pictures.unseen_structures import UNSEEN
from engines.privacy.config import TextConfig
from engines.privacy.inspection import Inspector
from engines.privacy.model import TextRegion
from engines.privacy.pii import PatternPii
from engines.privacy.text import is_text, is_unread
from engines.privacy.text.letters import (
    SHIPPED,
    letters_likeness,
    line_of,
    normalized,
    with_certainty,
)
from engines.privacy.text.rapidocr_engine import LargestShapes
from engines.privacy.text.rapidocr_reader import RapidOcrReader
from tests.engines.privacy.conftest import FakeFaces, FakeReader
from training.letters.fit import LineJudge
from training.letters.structures import KNOWN, structures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engines.types import Pixels

LEAST = TextConfig().least_likeness
ALARMS = (("fence", 1), ("fence", 5), ("books", 3), ("piano", 3), ("books", 5), ("planks", 7))
"""Pictures that are `text_unread` by the shape of what the detector finds in them."""
LINES = {
    "Hebrew": "ברוכים הבאים",
    "Arabic": "مرحبا بكم",
    "Georgian": "კეთილი იყოს",
    "Armenian": "Բարի գալուստ",
    "Greek": "Καλώς ήρθατε",
    "Cyrillic": "Добро пожаловать",
}


def written(text: str, ink: int = 20, ground: int = 230, size_px: int = 40) -> Pixels:
    font = ImageFont.truetype(str(dejavu()), size_px)
    left, top, right, bottom = font.getbbox(text)
    page = Image.new("RGB", (round(right - left) + 16, round(bottom - top) + 16), (ground,) * 3)
    ImageDraw.Draw(page).text((8 - left, 8 - top), text, font=font, fill=(ink,) * 3)
    return np.asarray(page, np.uint8)


def picket_fence(height: int = 96, width: int = 480, step: int = 40) -> Pixels:
    pixels = np.full((height, width, 3), (40, 70, 40), np.uint8)
    for x in range(8, width, step):
        pixels[6:, x : x + step // 2] = 200
    pixels[24:36] = pixels[64:76] = 190
    return pixels


@pytest.fixture(scope="module")
def reader() -> RapidOcrReader:
    return RapidOcrReader(TextConfig(), threads=1)


def counts(lines: Sequence[TextRegion], side: int, config: TextConfig) -> bool:
    return any(is_text(line, config) or is_unread(line, side, config) for line in lines)


@pytest.mark.parametrize("script", LINES)
def test_a_line_of_another_script_looks_like_letters(script: str) -> None:
    for line in (
        written(LINES[script]),
        written(LINES[script], ink=235, ground=40),
        written(LINES[script], ink=120, ground=160),
        written(LINES[script], size_px=24),
    ):
        for turned in (line, line[::-1, ::-1], line[:, ::-1]):  # upside down, mirrored
            assert letters_likeness(np.ascontiguousarray(turned)) >= LEAST


@pytest.mark.parametrize("step", [24, 40, 64])
def test_a_picket_fence_does_not_look_like_letters(step: int) -> None:
    fence = picket_fence(step=step)
    for picture in (fence, 255 - fence, fence[::-1], fence // 2):
        assert letters_likeness(np.ascontiguousarray(picture)) < LEAST


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "number"), ALARMS)
def test_a_picture_of_fences_books_or_keys_has_no_text(
    kind: str, number: int, reader: RapidOcrReader
) -> None:
    kinds = KNOWN if kind in KNOWN else UNSEEN
    _, pixels = next(islice(structures({kind: kinds[kind]}, number + 1, 2), number, None))
    lines, side = reader.read(pixels), len(pixels)
    assert counts(lines, side, TextConfig(least_likeness=0.0))
    assert not counts(lines, side, TextConfig())


def test_doubtful_letters_on_a_fence_are_no_text() -> None:
    config = TextConfig()
    fence = TextRegion((0, 0, 400, 90), "mtr", 0.83, 90.0, 400.0, likeness=0.1)
    assert not is_text(fence, config)
    assert not is_unread(fence, 512, config)
    every = TextConfig(least_likeness=0.0)
    assert is_text(fence, every)
    assert is_unread(fence, 512, every)


def test_an_address_that_was_read_counts_whatever_it_looks_like() -> None:
    line = TextRegion((0, 0, 400, 20), "jane.doe@example.com", 0.7, 20.0, 400.0, likeness=0.1)
    inspector = Inspector(FakeFaces(), FakeReader((line,)), PatternPii(()), TextConfig())
    found = inspector.inspect(picket_fence(), check_faces=False, check_text=True)
    assert [match.type for match in found.matches] == ["email"]


def test_text_that_was_not_tried_is_unread_whatever_it_looks_like() -> None:
    left_out = TextRegion((0, 0, 40, 9), "", 0.0, 9.0, 40.0, is_left_out=True, likeness=0.0)
    assert is_unread(left_out, 512, TextConfig())


@pytest.mark.parametrize(
    ("read", "likeness", "aspect", "counts"),
    [
        ("", 0.97, 1.4, True),
        ("", 0.7, 1.4, False),
        ("", 0.97, 1.0, False),
        ("Edi", 0.97, 1.4, False),
    ],
)
def test_a_short_word_of_another_script_is_unread_and_a_window_is_not(
    read: str, likeness: float, aspect: float, counts: bool
) -> None:
    long = aspect * 20.0
    box = (10, 10, round(long), 20)
    word = TextRegion(box, read, 0.6 if read else 0.0, 20.0, long, likeness=likeness)
    assert is_unread(word, 512, TextConfig()) is counts
    assert not is_unread(word, 512, TextConfig(least_likeness=0.0))


@pytest.mark.parametrize("word", ["город", "Добро"])
@pytest.mark.slow
def test_a_sign_of_one_short_word_in_another_script_is_unread(
    word: str, reader: RapidOcrReader
) -> None:
    page = Image.new("RGB", (320, 160), (230, 230, 230))
    font = ImageFont.truetype(str(dejavu()), 40)
    ImageDraw.Draw(page).text((60, 50), word, font=font, fill=(20, 20, 20))
    lines = reader.read(np.asarray(page, np.uint8))
    assert any(is_unread(line, 320, TextConfig()) for line in lines)


def test_what_the_detector_is_sure_of_may_look_less_like_letters() -> None:
    faint, usual, sure = (with_certainty(0.6, certainty) for certainty in (0.5, 0.66, 0.85))
    assert faint < LEAST < usual < sure
    assert 0.0 < with_certainty(0.0, 1.0) < LEAST < with_certainty(1.0, 0.5) < 1.0


def test_each_region_has_its_own_certainty_in_whatever_order_they_come() -> None:
    """RapidOCR sorts the boxes from top to bottom, and leaves their scores as they were."""
    found = LargestShapes(DBPostProcess(box_thresh=0.5, unclip_ratio=1.6))
    seen = np.zeros((1, 1, 200, 200), np.float32)
    seen[..., 20:40, 20:120], seen[..., 90:110, 20:120], seen[..., 150:170, 20:120] = 0.6, 0.9, 0.7
    boxes, _ = found(seen, (200, 200))
    downward = boxes[np.argsort(boxes[:, :, 1].min(axis=1))]
    assert found.certainties_of(downward) == pytest.approx([0.6, 0.9, 0.7], abs=0.05)


def test_an_upright_sign_is_turned_before_it_is_judged() -> None:
    line = written(LINES["Georgian"])
    height, width = line.shape[:2]
    page = np.full((width + 40, width + 40, 3), 230, np.uint8)
    page[20 : 20 + width, 30 : 30 + height] = np.rot90(line)
    corners = [(30, 20), (30 + height, 20), (30 + height, 20 + width), (30, 20 + width)]
    cut = line_of(page, np.asarray(corners, np.float32))
    assert cut.shape[1] > 3 * cut.shape[0]
    assert letters_likeness(cut) >= LEAST


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (3000, 2), (9, 5000)])
def test_regions_of_any_shape_are_judged(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    assert 0.0 <= letters_likeness(noise) <= 1.0
    rows, columns = normalized(noise).shape
    assert (rows, 48 <= columns <= 512) == (32, True)


def test_the_network_in_numpy_is_the_one_that_was_fitted() -> None:
    with np.load(SHIPPED) as packed:
        weights = {name: torch.from_numpy(packed[name].astype(np.float32)) for name in packed}
    net = LineJudge()
    net.load_state_dict(weights)
    for line in (written(LINES["Greek"]), picket_fence()):
        both = np.stack([normalized(line), normalized(line)[::-1, ::-1]])[:, None]
        with torch.no_grad():
            likeness = torch.sigmoid(net.eval()(torch.from_numpy(both)).mean())
        assert letters_likeness(line) == pytest.approx(float(likeness), abs=1e-4)
