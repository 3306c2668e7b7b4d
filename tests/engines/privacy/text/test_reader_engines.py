"""The pool of engines behind the text reader: turns, failures, and what comes out of them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from engines.privacy.config import TextConfig
from engines.privacy.model import DetectorUnavailable
from engines.privacy.text.rapidocr_reader import RapidOcrReader

if TYPE_CHECKING:
    from engines.types import Pixels

QUAD = np.asarray([[[10, 20], [110, 20], [110, 40], [10, 40]]], dtype=np.float32)


class OnnxTrouble(Exception):
    """As onnxruntime's errors are: of no narrower kind."""


@dataclass(frozen=True)
class Answer:
    boxes: Any = None
    txts: tuple[str, ...] | None = None
    scores: tuple[float, ...] | None = None
    certainties: tuple[float, ...] = ()


@dataclass
class Engine:
    """Reads the mean level of the picture; fails on black ones; notes when two meet in it."""

    inside: int = 0
    met: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def look(
        self, bgr: Pixels, allowance: object, least_height_px: float, original: object
    ) -> Answer:
        with self.lock:
            self.inside += 1
            self.met |= self.inside > 1
        try:
            if bgr.max() == 0:
                raise OnnxTrouble("Non-zero status code returned")
            if bgr.min() == 255:
                return Answer()
            return Answer(QUAD, (str(round(float(bgr.mean()))),), (0.9,), (0.8,))
        finally:
            with self.lock:
                self.inside -= 1


def gray(level: int, height: int = 60, width: int = 120) -> Pixels:
    return np.full((height, width, 3), level, dtype=np.uint8)


def reader_of(count: int) -> tuple[RapidOcrReader, list[Engine]]:
    made: list[Engine] = []

    def make(threads: int) -> Engine:
        assert threads == 1
        made.append(Engine())
        return made[-1]

    return RapidOcrReader(TextConfig(), threads=1, engines=count, make_engine=make), made


@pytest.mark.parametrize("count", [1, 3])
def test_no_engine_is_used_twice_at_once(count: int) -> None:
    reader, engines = reader_of(count)
    levels = list(range(1, 200))
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda level: reader.read(gray(level))[0].text, levels))
    assert read == [str(level) for level in levels]
    assert len(engines) == count
    assert not any(engine.met for engine in engines)


def test_a_failure_is_said_and_the_engine_goes_on() -> None:
    reader, _ = reader_of(1)
    for _ in range(3):
        with pytest.raises(DetectorUnavailable, match="failed on this image"):
            reader.read(gray(0))
    assert reader.read(gray(7))[0].text == "7"


def test_failures_of_some_leave_the_others_alone() -> None:
    reader, _ = reader_of(2)

    def read(level: int) -> str:
        try:
            return reader.read(gray(level))[0].text
        except DetectorUnavailable:
            return "failed"

    levels = [0, 5, 0, 6, 0, 7, 0, 8]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, levels)) == ["failed" if not v else str(v) for v in levels]


def test_nothing_read_is_no_line() -> None:
    reader, _ = reader_of(1)
    assert reader.read(gray(255)) == ()


def test_boxes_come_back_in_pixels_of_the_image_that_was_given() -> None:
    reader, _ = reader_of(1)
    (small,) = reader.read(gray(50))
    assert small.box == (10, 20, 100, 20)
    assert small.height_px == pytest.approx(20)
    (large,) = reader.read(gray(50, 960, 1920))  # shown at half its size
    assert large.box == (20, 40, 200, 40)
    assert large.height_px == pytest.approx(40)


def test_an_engine_that_does_not_load_is_said_at_once() -> None:
    def broken(threads: int) -> Any:
        raise DetectorUnavailable("RapidOCR is not installed or did not load")

    with pytest.raises(DetectorUnavailable, match="did not load"):
        RapidOcrReader(TextConfig(), threads=1, make_engine=broken)
