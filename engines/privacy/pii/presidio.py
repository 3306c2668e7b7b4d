"""Microsoft Presidio in addition to the patterns: names, places and groups of people."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engines.privacy.model import DetectorUnavailable, PiiDetector, PiiMatch

_TYPES = {"PERSON": "name", "LOCATION": "address", "NRP": "group"}


class PresidioPii:
    """Finds what `first` finds, and what Presidio finds elsewhere in the text. The constructor
    raises `DetectorUnavailable` if the package or the model is not installed: Presidio itself would
    download a model."""

    knows_names = True

    def __init__(self, first: PiiDetector, model: str, confidence: float) -> None:
        self._first = first
        self._analyzer = _analyzer(model)
        self._confidence = confidence
        self._lock = threading.Lock()

    def find(self, text: str) -> Sequence[PiiMatch]:
        found = list(self._first.find(text))
        with self._lock:
            results = self._analyzer.analyze(text, language="en", entities=list(_TYPES))
        for result in results:
            if result.score < self._confidence or any(
                result.start < other.end and other.start < result.end for other in found
            ):
                continue
            shown = text[result.start : result.end]
            kind = _TYPES[result.entity_type]
            found.append(PiiMatch(kind, result.start, result.end, shown, "presidio", result.score))
        return sorted(found, key=lambda match: match.start)


def _analyzer(model: str) -> Any:
    try:
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import NlpEngineProvider
    except ImportError as error:
        raise DetectorUnavailable("presidio-analyzer is not installed") from error
    if not _is_here(model):
        raise DetectorUnavailable(f"the spaCy model {model} is not installed")
    models = [{"lang_code": "en", "model_name": model}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    return AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])


def _is_here(model: str) -> bool:
    """Whether `model` is a folder with a spaCy pipeline, or an installed package. For anything else
    Presidio would call `spacy download`."""
    return (Path(model) / "config.cfg").is_file() or (
        model.isidentifier() and find_spec(model) is not None
    )
