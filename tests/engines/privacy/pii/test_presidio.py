"""Presidio beside the patterns: the real analyzer over a real, small spaCy pipeline.

No model is downloaded: the pipeline is English tokens and a ruler that knows two names, saved to a
folder as a trained one would be.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from engines.errors import InferloopError
from engines.images import ImageLimits
from engines.privacy import PrivacyConfig, build_pii_detector, build_privacy_validator
from engines.privacy.config import PiiConfig
from engines.privacy.model import PiiDetector

TEXT = "Jane Doe of Springfield, jane.doe@example.com, order 4711"


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spacy = pytest.importorskip("spacy", reason="presidio and spaCy are an option")
    language = spacy.blank("en")
    ruler = language.add_pipe("entity_ruler")
    ruler.add_patterns(
        [
            {"label": "PERSON", "pattern": "Jane Doe"},
            {"label": "GPE", "pattern": "Springfield"},
            {"label": "DATE", "pattern": "order 4711"},
        ]
    )
    folder: Path = tmp_path_factory.mktemp("spacy") / "pipeline"
    language.to_disk(folder)
    return folder


@pytest.fixture(scope="module")
def presidio(pipeline: Path) -> PiiDetector:
    pytest.importorskip("presidio_analyzer", reason="presidio and spaCy are an option")
    return build_pii_detector(PiiConfig(presidio=True, presidio_model=str(pipeline)))


def test_names_and_places_are_found_beside_the_patterns(presidio: PiiDetector) -> None:
    found = [(match.type, match.text, match.detector) for match in presidio.find(TEXT)]
    assert found == [
        ("name", "Jane Doe", "presidio"),
        ("address", "Springfield", "presidio"),
        ("email", "jane.doe@example.com", "patterns"),
    ]


def test_positions_are_of_the_text_that_was_given(presidio: PiiDetector) -> None:
    for match in presidio.find(TEXT):
        assert TEXT[match.start : match.end] == match.text


def test_what_the_patterns_found_is_not_found_twice(presidio: PiiDetector) -> None:
    (only,) = presidio.find("mail to Jane Doe@example.com")[-1:]
    assert only.type == "email"
    spans = [(match.start, match.end) for match in presidio.find("Jane Doe@example.com")]
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(spans))


def test_confidence_below_the_configured_one_is_dropped(pipeline: Path) -> None:
    pytest.importorskip("presidio_analyzer", reason="presidio and spaCy are an option")
    config = PiiConfig(presidio=True, presidio_model=str(pipeline), presidio_confidence=0.99)
    assert [m.type for m in build_pii_detector(config).find(TEXT)] == ["email"]


@pytest.mark.parametrize("model", ["no_such_model", "../no/such/folder", "a.b.c", ""])
def test_a_model_that_is_absent_is_a_clear_refusal(model: str) -> None:
    with pytest.raises(InferloopError, match=r"privacy\.pii\.presidio is on, but"):
        build_pii_detector(PiiConfig(presidio=True, presidio_model=model))


def test_a_whole_validator_refuses_to_start_without_what_it_was_told_to_use() -> None:
    config = PrivacyConfig(pii=PiiConfig(presidio=True, presidio_model="no_such_model"))
    with pytest.raises(InferloopError, match="not installed"):
        build_privacy_validator(config, ImageLimits())
