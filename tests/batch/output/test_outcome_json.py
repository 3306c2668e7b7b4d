"""What is kept of a row in the job's output: data, and all of it."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from batch.output.outcome_json import outcome_from_json, outcome_to_json
from batch.output.outcomes import Outcome, Reason
from engines.errors import StorageFailed
from engines.profiles.measures import measure
from engines.types import PrivacyIssue, PrivacyReport
from tests.batch.conftest import an_id, made_image


def written(measured: bool) -> Outcome:
    image = made_image(an_id(7))
    if measured:
        pixels = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        judgment = replace(image.judgment, measures=measure(pixels))
        image = replace(image, judgment=judgment)
    return Outcome("row", 4, "written", 2, (Reason("dull", "näher"),), image, {"seed": 2**53 - 1})


def test_a_written_row_comes_back_whole() -> None:
    outcome = written(measured=False)
    assert outcome_from_json(outcome_to_json(outcome)) == outcome


def test_what_privacy_found_comes_back_whole() -> None:
    issue = PrivacyIssue("face", "high", "a face", "dlib/1", (1, 2, 3, 4), 0.9)
    report = PrivacyReport("row", 60, 1, None, False, (issue,), False, "privacy/1")
    image = made_image(an_id(7))
    image = replace(image, judgment=replace(image.judgment, reports=(report,)))
    outcome = Outcome("row", 4, "written", 1, (), image)
    assert outcome_from_json(outcome_to_json(outcome)) == outcome


def test_a_failed_row_comes_back_whole() -> None:
    outcome = Outcome("row", 4, "failed", 3, (Reason("process_died", "3 times"),), None, {"a": [1]})
    assert outcome_from_json(outcome_to_json(outcome)) == outcome


def test_what_is_measured_comes_back_to_the_last_bit() -> None:
    found = outcome_from_json(outcome_to_json(written(measured=True))).image
    expected = written(measured=True).image
    assert found is not None
    assert expected is not None
    assert found.judgment.measures is not None
    assert expected.judgment.measures is not None
    assert found.judgment.measures.scalars == expected.judgment.measures.scalars
    for name, shares in expected.judgment.measures.histograms.items():
        assert found.judgment.measures.histograms[name].dtype == np.float64
        assert np.array_equal(found.judgment.measures.histograms[name], shares)


def test_a_row_that_was_kept_with_a_former_name_comes_back_with_that_of_now() -> None:
    outcome = written(measured=True)
    before = outcome_to_json(outcome).replace(b'"colorfulness"', b'"colourfulness"')
    found = outcome_from_json(before).image
    assert b'"colourfulness"' in before
    assert found is not None
    assert found.judgment.measures is not None
    assert "colorfulness" in found.judgment.measures.scalars
    assert "colourfulness" not in found.judgment.measures.scalars


class Bomb:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('ran')",)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Bomb()),
        pickle.dumps(written(measured=False)),
        b"",
        b"[]",
        b"{}",
        b'{"image": 1, "reasons": []}',
        b'{"image": {"png": "?"}, "reasons": [{"code": "a"}]}',
        b"null",
    ],
)
def test_anything_else_is_an_error_and_never_runs(content: bytes) -> None:
    with pytest.raises(StorageFailed, match="cannot be read"):
        outcome_from_json(content)
