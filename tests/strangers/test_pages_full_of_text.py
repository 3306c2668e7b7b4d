"""Files with more text than a service can read in seconds: the verdict comes, within the limit."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from PIL import Image

from engines.images import ImageLimits
from engines.privacy import PrivacyConfig, PrivacyValidator
from engines.privacy.config import TextConfig
from engines.privacy.model import TextRegion
from engines.privacy.pii import PatternPii
from engines.privacy.text.allowance import LEAST_RATIO, ReadingAllowance
from engines.privacy.text.long_pictures import parts_of, without_doubles
from engines.privacy.text.rapidocr_engine import BoundedRapidOcr
from engines.privacy.text.rapidocr_reader import RapidOcrReader

if TYPE_CHECKING:
    from engines.types import Pixels

LIMIT = 500
CONFIG = PrivacyConfig.model_validate({"text": {"max_work": LIMIT}})


class NoFaces:
    name = "no_faces"

    def detect(self, pixels: Pixels) -> tuple[Any, ...]:
        return ()


class CountingOcr(BoundedRapidOcr):
    """Adds up the work of the recognizer."""

    work = 0.0

    def recognize_txt(self, img: list[Any]) -> Any:
        self.work += sum(max(LEAST_RATIO, crop.shape[1] / crop.shape[0]) for crop in img)
        return super().recognize_txt(img)


def judge(reader: Any, config: PrivacyConfig = CONFIG) -> PrivacyValidator:
    return PrivacyValidator(config, ImageLimits(), NoFaces(), reader, PatternPii(()))


def full_of_letters(side: int = 960, cell: int = 32) -> Pixels:
    """Two letters in each of 900 cells, and a large word above them."""
    pixels = np.full((side, side, 3), 255, dtype=np.uint8)
    font, black = cv2.FONT_HERSHEY_SIMPLEX, (0, 0, 0)
    for y in range(120, side - 10, cell):
        for x in range(10, side - cell, cell):
            letters = chr(65 + (x + y) % 26) + chr(65 + (3 * x + y) % 26)
            cv2.putText(pixels, letters, (x, y), font, 0.4, black, 1, cv2.LINE_AA)
    cv2.putText(pixels, "Station 42", (40, 70), font, 2.0, black, 4, cv2.LINE_AA)
    return pixels


def png(pixels: Pixels) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.mark.slow
def test_a_picture_full_of_tiny_letters_is_judged_and_says_that_some_were_not_read() -> None:
    engines: list[CountingOcr] = []

    def make(threads: int) -> CountingOcr:
        engines.append(CountingOcr(threads))
        return engines[-1]

    reader = RapidOcrReader(CONFIG.text, threads=1, make_engine=make)
    report = judge(reader).validate(png(full_of_letters()), "k")
    assert 0 < engines[0].work <= LIMIT
    assert not report.passed
    assert report.text_detected
    assert any(
        issue.type == "text_unread" and issue.box is not None and "limit" in issue.message
        for issue in report.issues
    )
    assert any(issue.type == "text" and issue.text for issue in report.issues)
    assert len(report.issues) <= 250


@dataclass
class Fields:
    """Finds a hundred short fields in every picture, and reads those that there is work for."""

    looks: list[tuple[int, ...]] = field(default_factory=list)
    tried: int = 0

    def look(
        self, bgr: Pixels, allowance: ReadingAllowance, least_height_px: float, original: object
    ) -> Any:
        self.looks.append(bgr.shape)
        sizes = [(20, 160)] * 100
        self.tried += len(allowance.chosen(sizes))
        return Nothing()


@dataclass(frozen=True)
class Nothing:
    boxes: None = None
    txts: None = None


def animation(frames: int) -> bytes:
    pictures = [Image.new("RGB", (96, 64), (10 * number, 0, 0)) for number in range(frames)]
    out = io.BytesIO()
    pictures[0].save(out, "PNG", save_all=True, append_images=pictures[1:])
    return out.getvalue()


def test_the_limit_is_one_for_all_frames_of_a_file() -> None:
    engine = Fields()
    reader = RapidOcrReader(CONFIG.text, threads=1, make_engine=lambda threads: engine)
    report = judge(reader).validate(animation(12), "k")
    assert 1 <= len(engine.looks) < 12
    assert engine.tried * 8 <= LIMIT
    assert [issue.type for issue in report.issues] == ["text_unread"] * len(report.issues)
    assert not report.passed
    (boxes,) = {issue.box for issue in report.issues}
    assert boxes == (0, 0, 96, 64)


def test_the_parts_of_a_long_picture_that_nobody_looked_at_are_told() -> None:
    engine = Fields()
    config = TextConfig(max_work=LIMIT)
    reader = RapidOcrReader(config, threads=1, make_engine=lambda threads: engine)
    regions = reader.read(np.zeros((12_000, 800, 3), dtype=np.uint8))
    told = [region.box for region in regions if region.is_left_out]
    assert len(engine.looks) + len(told) == 1 + len(parts_of(12_000, 800))
    assert told[-1][1] + told[-1][3] == 12_000


def test_a_line_that_was_read_does_not_hide_the_part_around_it_that_was_not() -> None:
    part = TextRegion((0, 0, 800, 2400), "", 0.0, 2400.0, 800.0, is_left_out=True)
    line = TextRegion((100, 200, 300, 40), "Hello", 0.95, 40.0, 300.0)
    assert without_doubles([line, part]) == (part, line)


def test_many_findings_are_listed_up_to_a_limit() -> None:
    line = TextRegion((0, 0, 40, 10), "Hello", 0.95, 10.0, 40.0)
    lines = tuple(
        TextRegion((0, 20 * at, 40, 10), f"Hello {at}", 0.95, 10.0, 40.0) for at in range(300)
    )

    class Reads:
        name = "reads"

        def read(self, pixels: Pixels, allowance: object = None) -> tuple[TextRegion, ...]:
            return (line, *lines)

    report = judge(Reads()).validate(png(np.zeros((64, 64, 3), np.uint8)), "k")
    told = [issue for issue in report.issues if issue.type == "text"]
    assert len(told) == 101
    assert told[-1].message == "201 further issues of this type"


@pytest.mark.parametrize("columns", [1, 30])
def test_a_full_page_is_read_to_its_last_line(columns: int) -> None:
    """An A4 page of 60 lines of text, and a form of 240 fields."""
    allowance = ReadingAllowance(TextConfig().max_work)
    assert allowance.takes_look(960, 736)
    sizes = [(13, 450)] * 60 if columns == 1 else [(14, 100)] * 240
    assert len(allowance.chosen(sizes)) == len(sizes)
