"""Fast fakes of the two validators, which store verdicts like the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from engines.datasets.store.store import DatasetStore
from engines.types import PrivacyIssue, PrivacyReport, QualityReport, Weakness

BLURRED = Weakness("sharpness", 0.2, 0.5, "The image is blurred.")
BOX = (8, 8, 24, 32)


def fails(key: str) -> bool:
    """Whether the image belongs to a dataset and its number ends in 8. Anonymized copies, whose
    names end in random hexadecimal digits, always pass."""
    stem = PurePosixPath(key).stem
    return stem.isdecimal() and stem.endswith("8")


@dataclass
class QuickQuality:
    """Every image passes, except those for which `fails` is True."""

    store: DatasetStore

    async def validate(
        self, key: str, metrics: Sequence[str] | None, prompt: str | None = None
    ) -> QualityReport:
        passed = not fails(key)
        report = QualityReport(
            key=key,
            quality_score=0.85 if passed else 0.2,
            metrics={"sharpness": 78.5 if passed else 12.0},
            passed=passed,
            validator_version="quality/quick",
            weakest=None if passed else BLURRED,
        )
        await asyncio.to_thread(self.store.record_verdict, key, report)
        return report


@dataclass
class QuickPrivacy:
    """Finds a face in images for which `fails` is True. Anonymized copies have none."""

    store: DatasetStore

    async def validate(self, key: str, check_faces: bool, check_text: bool) -> PrivacyReport:
        found = fails(key)
        face = PrivacyIssue("face", "high", "1 face found", "quick", BOX, 0.97)
        report = PrivacyReport(
            key=key,
            privacy_score=40 if found else 95,
            faces_detected=int(found),
            text_detected=False,
            pii_detected=False,
            issues=(face,) if found else (),
            passed=not found,
            validator_version="privacy/quick",
        )
        await asyncio.to_thread(self.store.record_verdict, key, report)
        return report

    async def anonymize(self, key: str, method: str, output_key: str) -> PrivacyReport:
        content = await asyncio.to_thread(self.store.storage.read, key)
        await asyncio.to_thread(self.store.storage.put_new, output_key, content)
        return await self.validate(output_key, True, True)
