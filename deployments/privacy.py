"""Privacy validation and anonymising on CPU replicas."""

from __future__ import annotations

import asyncio
import json

from deployments.wiring import FileWiring
from engines.privacy import PrivacyConfig, build_privacy_validator
from engines.storage.datasets import DatasetStore
from engines.types import PrivacyReport


class PrivacyReplica:
    """Loads and warms the detectors at start; judges on a worker thread."""

    def __init__(self, config: PrivacyConfig, files: FileWiring) -> None:
        self._storage = files.data.storage()
        self._store = DatasetStore(self._storage)
        self._validator = build_privacy_validator(config, files.limits, self._storage)
        self._validator.warm()

    async def validate(self, key: str, check_faces: bool, check_text: bool) -> PrivacyReport:
        return await asyncio.to_thread(self._validate, key, check_faces, check_text)

    async def anonymize(self, key: str, method: str, output_key: str) -> PrivacyReport:
        return await asyncio.to_thread(self._anonymize, key, method, output_key)

    def _validate(self, key: str, check_faces: bool, check_text: bool) -> PrivacyReport:
        content = self._storage.read(key)
        report = self._validator.validate(content, key, check_faces, check_text)
        self._store.record_verdict(key, report)
        return report

    def _anonymize(self, key: str, method: str, output_key: str) -> PrivacyReport:
        content = self._storage.read(key)
        clean = self._validator.anonymize_with_lineage(content, key, method)
        self._storage.put_new(output_key, clean.png)
        sidecar = output_key.rpartition(".")[0] + ".json"
        self._storage.put_new(sidecar, json.dumps(clean.lineage, indent=2).encode())
        return self._validate(output_key, check_faces=True, check_text=True)

    async def ready(self) -> bool:
        return True
