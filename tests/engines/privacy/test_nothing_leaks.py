"""What a validator finds must not get out through it: not by its answer, its log or its errors."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from typing import Any

import pytest

from engines.errors import InferloopError
from engines.privacy import PrivacyConfig
from engines.privacy.model import PiiMatch
from engines.privacy.pii import PatternPii, masked

LISTS = tuple(
    f"{which}positives"
    for which in (
        "",
        "second_",
        "third_",
        "fourth_",
        "fifth_",
        "sixth_",
        "seventh_",
        "eighth_",
        "ninth_",
        "tenth_",
    )
)
_SHOWN_DIGITS = 2
"""A mask keeps two digits at the end of a long number."""


def bare(text: str) -> str:
    """Letters and digits only: a secret is not hidden by other blanks or dashes."""
    return re.sub(r"[\W_]", "", text).lower()


def positives(pii_strings: dict[str, Any], which: str) -> list[str]:
    return [text for _, text in pii_strings[which]]


@pytest.fixture(scope="module")
def found(patterns: PatternPii) -> Callable[[str], tuple[PiiMatch, ...]]:
    """What the patterns find in a text; each text is searched once, however many tests ask."""
    return cache(lambda text: tuple(patterns.find(text)))


@pytest.mark.slow
@pytest.mark.parametrize("which", LISTS)
def test_no_answer_and_no_log_holds_a_finding(
    doubles: Any,
    blank_png: bytes,
    found: Callable[[str], tuple[PiiMatch, ...]],
    pii_strings: dict[str, Any],
    which: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    for text in positives(pii_strings, which):
        caplog.clear()
        lines = tuple(doubles.line(row, y=20 * y) for y, row in enumerate(text.split("\n"), 1))
        report = doubles.validator(reader=doubles.reader(lines)).validate(blank_png, "k")
        shown = [issue.text or "" for issue in report.issues]
        told = [bare(part) for part in (*shown, repr(report), caplog.text)]
        for match in found("\n".join(line.text for line in lines)):
            secret = bare(match.text)
            assert all(secret not in part for part in told), match.type
            digits = re.sub(r"\D", "", match.text)
            if len(digits) > _SHOWN_DIGITS + 2:
                assert all(digits not in re.sub(r"\D", "", part) for part in shown)
        json.dumps(asdict(report))


@pytest.mark.parametrize("which", LISTS)
def test_a_mask_shows_no_more_than_an_initial_or_two_digits(
    found: Callable[[str], tuple[PiiMatch, ...]], pii_strings: dict[str, Any], which: str
) -> None:
    for text in positives(pii_strings, which):
        for match in found(text):
            shown = masked(match.type, match.text)
            if match.type == "email":
                assert re.fullmatch(r"(.?\*{3}@.?\*{3}(\.[A-Za-z]{2,6})?)", shown), shown
            elif match.type == "name":
                assert re.fullmatch(r"\w?\*{3}(?: \w?\*{3}){0,5}", shown), shown
            else:
                assert re.fullmatch(r"\*{3}\d{0,2}", shown), (match.type, shown)


def test_text_that_no_pattern_knows_is_masked_too(doubles: Any, blank_png: bytes) -> None:
    reader = doubles.reader(
        (doubles.line("Springfield Elementary"), doubles.line("Jane Doe", y=50))
    )
    report = doubles.validator(reader=reader).validate(blank_png, "k")
    assert [issue.text for issue in report.issues] == ["S*** E***", "J*** D***", None]
    assert "Jane" not in repr(report)


def test_a_refusal_to_anonymize_does_not_say_what_it_saw(doubles: Any, blank_png: bytes) -> None:
    secret = "jane.doe@example.com"
    reader = doubles.reader((doubles.line(secret),))
    with pytest.raises(InferloopError) as refused:
        doubles.validator(reader=reader).anonymize(blank_png, "k", "blur")
    assert bare(secret) not in bare(str(refused.value) + repr(refused.value))


def test_lineage_holds_places_and_no_text(doubles: Any, blank_png: bytes) -> None:
    class ReadsOnce:
        name = "once"

        def __init__(self) -> None:
            self.left = [(doubles.line("+1 415 555 2671"),)]

        def read(self, pixels: Any, allowance: object = None) -> Any:
            return self.left.pop() if self.left else ()

    validator = doubles.validator(reader=ReadsOnce(), config=PrivacyConfig())
    lineage = validator.anonymize_with_lineage(blank_png, "uploads/a.png", "box").lineage
    assert lineage["regions"] == [[10, 10, 120, 16]]
    assert "5552671" not in re.sub(r"\D", "", json.dumps(lineage["method"]))
    assert "415" not in json.dumps(lineage)


def test_what_a_detector_holds_does_not_show_in_a_traceback(doubles: Any) -> None:
    line = doubles.line("jane.doe@example.com")
    assert "jane" not in repr(line)
    assert "jane" not in repr(doubles.reader((line,)))
