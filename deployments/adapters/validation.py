"""The validators over their handles; a lost replica is asked once more, verdicts being pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from deployments.adapters.calling import call
from deployments.spaces import SpaceHandle
from engines.errors import ReplicaLost
from engines.types import PrivacyReport, QualityReport


async def call_twice(ask: Callable[[], Any]) -> Any:
    """`call`, repeated once if the replica died under it."""
    try:
        return await call(ask())
    except ReplicaLost:
        return await call(ask())


class HandleQuality:
    def __init__(self, handle: SpaceHandle) -> None:
        self._handle = handle

    async def validate(
        self, key: str, metrics: Sequence[str] | None, prompt: str | None = None
    ) -> QualityReport:
        report: QualityReport = await call_twice(
            lambda: self._handle.validate.remote(key, metrics, prompt)
        )
        return report


class HandlePrivacy:
    def __init__(self, handle: SpaceHandle) -> None:
        self._handle = handle

    async def validate(self, key: str, check_faces: bool, check_text: bool) -> PrivacyReport:
        report: PrivacyReport = await call_twice(
            lambda: self._handle.validate.remote(key, check_faces, check_text)
        )
        return report

    async def anonymize(self, key: str, method: str, output_key: str) -> PrivacyReport:
        report: PrivacyReport = await call(self._handle.anonymize.remote(key, method, output_key))
        return report
