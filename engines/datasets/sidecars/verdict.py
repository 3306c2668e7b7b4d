"""The verdict on an image, in a file beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from engines.datasets.sidecars.moments import moment_of
from engines.types import PrivacyReport, QualityReport

if TYPE_CHECKING:
    from engines.datasets.store.layout import VerdictKind
    from engines.errors import JsonValue

VERDICT_SCHEMA = "inferloop.verdict/1"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A validator's verdict on one image. `score`: 0..1 for quality, 0..100 for privacy.
    `findings`: the rest of the validator's report."""

    kind: VerdictKind
    file_name: str
    """Name of the image file, because two images may have the same name without suffix (a.png,
    a.jpg)."""
    passed: bool
    score: float
    validator_version: str
    judged_at: datetime
    findings: Mapping[str, JsonValue]

    @classmethod
    def of(cls, key: str, report: QualityReport | PrivacyReport, judged_at: datetime) -> Verdict:
        """The verdict of a validator's report on the image `key`."""
        found = asdict(report)
        kind: VerdictKind = "quality" if isinstance(report, QualityReport) else "privacy"
        score = found.pop(f"{kind}_score")
        for name in ("key", "passed", "validator_version"):
            del found[name]
        if found.get("weakest", report) is None:  # of an image that passed
            del found["weakest"]
        name = key.rpartition("/")[2]
        return cls(kind, name, report.passed, score, report.validator_version, judged_at, found)

    def to_json(self) -> bytes:
        """One line of UTF-8 JSON."""
        return orjson.dumps({"schema": VERDICT_SCHEMA, **asdict(self)}, option=_OPTIONS)

    @classmethod
    def from_dict(cls, found: object) -> Verdict:
        """The verdict in parsed JSON. Raises `ValueError` if it is not one."""
        if not isinstance(found, dict) or found.get("schema") != VERDICT_SCHEMA:
            raise ValueError("not a verdict of ours")
        try:
            values = _values(found)
            judged_at = moment_of(found["judged_at"])
        except (KeyError, TypeError) as error:
            raise ValueError("verdict lacks a field") from error
        sound = all(isinstance(v, t) for v, t in zip(values, _TYPES, strict=True))
        if not sound or values[0] not in ("quality", "privacy"):
            raise ValueError("verdict has a field of another type")
        kind, file_name, passed, score, validator_version, findings = values
        return cls(kind, file_name, passed, score, validator_version, judged_at, findings)


_values = itemgetter("kind", "file_name", "passed", "score", "validator_version", "findings")
_TYPES: tuple[Any, ...] = (str, str, bool, (int, float), str, dict)


_OPTIONS = orjson.OPT_SERIALIZE_NUMPY
