"""Outcomes as JSON, to store them until their whole shard is finished.

Not pickled, because others may be able to write to the output's storage, and unpickling could run
their code.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any

import numpy as np

from batch.output.outcomes import Judgment, MadeImage, Outcome, Reason
from engines.errors import StorageFailed
from engines.profiles.measures import ImageMeasures
from engines.types import PrivacyIssue, PrivacyReport, QualityReport
from engines.types.metric_names import with_present_names


def outcome_to_json(outcome: Outcome) -> bytes:
    """The outcome as UTF-8 JSON, with bytes in base64 and arrays as lists of numbers."""
    return json.dumps(asdict(outcome), default=_plain, ensure_ascii=False).encode()


def outcome_from_json(content: bytes) -> Outcome:
    """Parse the result of `outcome_to_json`.

    Raises:
        StorageFailed: the content is not an outcome.
    """
    try:
        told = json.loads(content)
        image = told.pop("image")
        reasons = _reasons(told.pop("reasons"))
        return Outcome(**told, reasons=reasons, image=None if image is None else _image(image))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StorageFailed(f"An outcome in the job's output cannot be read: {error}") from error


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} in an outcome")


def _reasons(told: list[dict[str, str]]) -> tuple[Reason, ...]:
    return tuple(Reason(**each) for each in told)


def _image(told: dict[str, Any]) -> MadeImage:
    judgment = _judgment(told.pop("judgment"))
    png = base64.b64decode(told.pop("png"), validate=True)
    return MadeImage(**told, png=png, judgment=judgment)


def _judgment(told: dict[str, Any]) -> Judgment:
    measures = told.pop("measures")
    straight, mirrored = told.pop("hashes")
    return Judgment(
        passed=told["passed"],
        metrics=with_present_names(told["metrics"]),
        reasons=_reasons(told["reasons"]),
        reports=tuple(_report(each) for each in told["reports"]),
        hashes=(int(straight), int(mirrored)),
        thumbnail=base64.b64decode(told["thumbnail"], validate=True),
        measures=None if measures is None else _measures(measures),
    )


def _report(told: dict[str, Any]) -> QualityReport | PrivacyReport:
    if "quality_score" in told:
        return QualityReport(**told)
    return PrivacyReport(**told | {"issues": tuple(_issue(each) for each in told["issues"])})


def _issue(told: dict[str, Any]) -> PrivacyIssue:
    box = told["box"]
    return PrivacyIssue(**told | {"box": None if box is None else tuple(box)})


def _measures(told: dict[str, Any]) -> ImageMeasures:
    histograms = {
        name: np.asarray(shares, dtype=np.float64) for name, shares in told["histograms"].items()
    }
    return ImageMeasures(scalars=with_present_names(told["scalars"]), histograms=histograms)
