"""Profiles of real image sets on CPU replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from deployments.spaces import PerSpace
from deployments.wiring import FileWiring
from engines.profiles import ProfileService
from engines.profiles.config import ProfilesConfig
from engines.types import Comparison, Profile, ProfileRequest, ProfileSummary


class ProfilesReplica:
    """Forwards to the profile service of a space, on worker threads."""

    def __init__(self, config: ProfilesConfig, files: FileWiring) -> None:
        def build(space: str | None) -> ProfileService:
            profiles = ProfileService(
                files.data.in_space(space).storage(),
                files.limits,
                config=config,
                s3_clients=files.data.s3_client,
                buckets=files.source_buckets,
            )
            profiles.seed()
            return profiles

        self._spaces = PerSpace(build)
        self._spaces.get(None)

    async def list(self, space: str | None = None) -> Sequence[ProfileSummary]:
        profiles = await self._spaces.of(space)
        return await asyncio.to_thread(profiles.list)

    async def get(self, name: str, space: str | None = None) -> Profile:
        profiles = await self._spaces.of(space)
        return await asyncio.to_thread(profiles.get, name)

    async def create(self, request: ProfileRequest, space: str | None = None) -> Profile:
        profiles = await self._spaces.of(space)
        return await asyncio.to_thread(profiles.create, request)

    async def delete(self, name: str, space: str | None = None) -> None:
        profiles = await self._spaces.of(space)
        await asyncio.to_thread(profiles.delete, name)

    async def compare(
        self, name: str, dataset_key: str | None, other: str | None, space: str | None = None
    ) -> Comparison:
        profiles = await self._spaces.of(space)
        return await asyncio.to_thread(profiles.compare, name, dataset_key, other)

    async def plot(
        self, name: str, dataset_key: str | None, other: str | None, space: str | None = None
    ) -> str:
        profiles = await self._spaces.of(space)
        return await asyncio.to_thread(profiles.plot, name, dataset_key, other)

    async def ready(self) -> bool:
        return True
