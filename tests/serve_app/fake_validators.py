"""Fakes of the two validators."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from engines.errors import (
    InferloopError,
    InvalidParameters,
)
from engines.types import (
    PrivacyIssue,
    PrivacyReport,
    QualityReport,
    Weakness,
)
from tests.serve_app.fakes import FakeFiles

BLURRED = Weakness("sharpness", 0.2, 0.5, "The image is blurred.")


@dataclass
class FakeQuality:
    files: FakeFiles
    failures: dict[str, list[InferloopError]] = field(default_factory=dict)
    """Key to errors. Each call for the key raises the next one; later calls succeed."""
    failing: set[str] = field(default_factory=set)
    running: int = 0
    most_running: int = 0

    async def validate(
        self, key: str, metrics: Sequence[str] | None, prompt: str | None = None
    ) -> QualityReport:
        known = {"sharpness": 78.5, "contrast": 0.72, "noise": 0.03}
        wanted = list(known) if metrics is None else list(metrics)
        for name in wanted:
            if name not in known:
                names = ", ".join(known)
                raise InvalidParameters.of(
                    "metrics", name, f"one of: {names}", f"must be one of: {names}"
                )
        if self.failures.get(key):
            raise self.failures[key].pop(0)
        self.files.require(key)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        passed = key not in self.failing
        renamed = {"noise": "noise_level"}
        return QualityReport(
            key=key,
            quality_score=0.85 if passed else 0.2,
            metrics={renamed.get(name, name): known[name] for name in wanted},
            passed=passed,
            validator_version="quality/1 photo>=0.50",
            weakest=None if passed else BLURRED,
        )


@dataclass
class FakePrivacy:
    files: FakeFiles
    failing: set[str] = field(default_factory=set)

    async def validate(self, key: str, check_faces: bool, check_text: bool) -> PrivacyReport:
        self.files.require(key)
        api = PrivacyIssue("face", "high", "1 face found", "yunet", (1, 2, 30, 40), 0.97)
        found = key in self.failing
        return PrivacyReport(
            key=key,
            privacy_score=40 if found else 95,
            faces_detected=int(found) if check_faces else None,
            text_detected=False if check_text else None,
            pii_detected=False,
            issues=(api,) if found else (),
            passed=not found,
            validator_version="privacy/1 faces=yunet",
        )

    async def anonymize(self, key: str, method: str, output_key: str) -> PrivacyReport:
        if method not in ("blur", "pixelate", "box"):
            raise InvalidParameters.of("method", method, "one of: blur, pixelate, box", "unknown")
        self.files.contents[output_key] = self.files.require(key)
        return await self.validate(output_key, True, True)
