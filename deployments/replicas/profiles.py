"""Profiles of real image sets on CPU replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from deployments.wiring import FileWiring
from engines.profiles import ProfileService
from engines.profiles.config import ProfilesConfig
from engines.types import Comparison, Profile, ProfileRequest, ProfileSummary


class ProfilesReplica:
    """Forwards to the profile service on worker threads."""

    def __init__(self, config: ProfilesConfig, files: FileWiring) -> None:
        self._profiles = ProfileService(
            files.data.storage(),
            files.limits,
            config=config,
            s3_clients=files.data.s3_client,
            buckets=files.source_buckets,
        )
        self._profiles.seed()

    async def list(self) -> Sequence[ProfileSummary]:
        return await asyncio.to_thread(self._profiles.list)

    async def get(self, name: str) -> Profile:
        return await asyncio.to_thread(self._profiles.get, name)

    async def create(self, request: ProfileRequest) -> Profile:
        return await asyncio.to_thread(self._profiles.create, request)

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self._profiles.delete, name)

    async def compare(self, name: str, dataset_key: str | None, other: str | None) -> Comparison:
        return await asyncio.to_thread(self._profiles.compare, name, dataset_key, other)

    async def plot(self, name: str, dataset_key: str | None, other: str | None) -> str:
        return await asyncio.to_thread(self._profiles.plot, name, dataset_key, other)

    async def ready(self) -> bool:
        return True
