"""Text is text whatever its script; what could not be read does not pass unsaid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from engines.images import ImageLimits
from engines.privacy import PrivacyConfig, PrivacyValidator
from engines.privacy.config import PiiConfig, TextConfig
from engines.privacy.model import Face, TextRegion
from engines.privacy.pii import PatternPii
from engines.privacy.text import is_unread
from engines.privacy.text.rapidocr_reader import RapidOcrReader

if TYPE_CHECKING:
    from engines.types import Pixels


class NoFaces:
    name = "no_faces"

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        return ()


class Reads:
    """A reader that sees these lines."""

    name = "reads"

    def __init__(self, *lines: TextRegion) -> None:
        self._lines = lines

    def read(self, pixels: Pixels, allowance: object = None) -> tuple[TextRegion, ...]:
        return self._lines if pixels.std() > 0 else ()


def png(width: int = 200, height: int = 100) -> bytes:
    pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    pixels[20:40, 10:150:3] = 0
    return cv2.imencode(".png", pixels)[1].tobytes()


def line(text: str, confidence: float, length: float = 140.0, height: float = 20.0) -> TextRegion:
    return TextRegion((10, 20, round(length), round(height)), text, confidence, height, length)


def validator(*lines: TextRegion, **config: Any) -> PrivacyValidator:
    return PrivacyValidator(
        PrivacyConfig.model_validate(config),
        ImageLimits(),
        NoFaces(),
        Reads(*lines),
        PatternPii(PiiConfig().phone_regions),
    )


def test_a_line_of_which_nothing_was_read_is_text_and_does_not_pass() -> None:
    report = validator(line("", 0.0)).validate(png(), "k")
    (issue,) = report.issues
    assert (issue.type, issue.severity, issue.box) == ("text_unread", "medium", (10, 20, 140, 20))
    assert (report.text_detected, report.pii_detected, report.passed) == (True, False, False)


def test_a_line_that_is_surely_read_as_nothing_is_not_read() -> None:
    report = validator(line(" -", 0.96)).validate(png(), "k")
    assert ([issue.type for issue in report.issues], report.passed) == (["text_unread"], False)


def test_doubtful_letters_of_another_script_do_not_pass_as_read() -> None:
    report = validator(line("aanšu āuəušu", 0.78)).validate(png(), "k")
    assert [issue.type for issue in report.issues] == ["text_unread"]
    assert not report.passed


def test_a_line_that_was_read_well_passes() -> None:
    report = validator(line("Welcome to the city", 0.97)).validate(png(), "k")
    types = [issue.type for issue in report.issues]
    assert (types, report.passed) == (["text", "names_not_checked"], True)


def test_an_address_that_was_read_with_doubt_is_an_address() -> None:
    report = validator(line("jane.doe@example.com", 0.6)).validate(png(), "k")
    assert [issue.type for issue in report.issues] == ["email"]


def test_unread_text_may_pass_where_only_grave_findings_fail() -> None:
    config = {"verdict": {"fail_at": "high"}}
    assert validator(line("", 0.0), **config).validate(png(), "k").passed


@pytest.mark.parametrize(
    ("length", "height", "unread"),
    [(100, 20, True), (40, 20, False), (20, 20, False), (30, 9, False), (319, 120, False)],
)
def test_only_what_has_the_shape_of_a_line_is_unread_text(
    length: float, height: float, unread: bool
) -> None:
    region = replace(line("", 0.0, length, height), likeness=0.8)
    assert is_unread(region, 320, TextConfig()) is unread


def test_an_anonymized_copy_covers_what_was_not_read() -> None:
    reader = Reads(line("", 0.0))

    class SeesInk:
        name = "ink"

        def read(self, pixels: Pixels, allowance: object = None) -> tuple[TextRegion, ...]:
            return reader.read(pixels[20:40, 10:150])

    judge = PrivacyValidator(
        PrivacyConfig.model_validate({"anonymize": {"cover": "pii"}}),
        ImageLimits(),
        NoFaces(),
        SeesInk(),
        PatternPii(()),
    )
    clean = judge.anonymize(png(), "k", "box")
    assert judge.validate(clean, "k").issues == ()


def scribbled(seed: int, size: int = 512) -> Pixels:
    """Words of a script that nobody reads: short strokes on a line, in groups."""
    random = np.random.default_rng(seed)
    pixels = np.full((size, size, 3), 255, dtype=np.uint8)
    x = 40
    while x < size - 60:
        for _ in range(int(random.integers(3, 7))):
            points = random.integers(0, 26, (4, 2)) + np.array([x, 240])
            cv2.polylines(pixels, [points.astype(np.int32)], False, (0, 0, 0), 3, cv2.LINE_AA)
            x += 24
        x += 16
    return pixels


@pytest.mark.slow
def test_the_real_detector_keeps_lines_that_nobody_can_read() -> None:
    reader = RapidOcrReader(TextConfig(), threads=1)
    lines = [region for seed in (1, 2) for region in reader.read(scribbled(seed))]
    assert any(is_unread(region, 512, TextConfig()) for region in lines)
