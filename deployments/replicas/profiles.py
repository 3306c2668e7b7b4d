"""Profiles of real image sets on CPU replicas."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from deployments.background import Threads
from deployments.spaces import PerSpace
from deployments.wiring import FileWiring
from engines.profiles import ProfileService
from engines.profiles.config import ProfilesConfig
from engines.types import Comparison, Profile, ProfileRequest, ProfileSummary

LOOKUP_THREADS = 4
MEASURE_THREADS = 4


class ProfilesReplica:
    """Forwards to the profile service of a space, on worker threads; measuring images has its own.
    Cancelling a call stops it between two images."""

    def __init__(self, config: ProfilesConfig, files: FileWiring) -> None:
        pixels_of = files.pixel_reader(files.sandbox_limits.workers)

        def build(space: str | None) -> ProfileService:
            profiles = ProfileService(
                files.data.in_space(space).storage(),
                files.limits,
                config=config,
                s3_clients=files.data.s3_client,
                buckets=files.source_buckets,
                read_pixels=pixels_of,
            )
            profiles.seed()
            return profiles

        self._lookups = Threads("lookup", LOOKUP_THREADS)
        self._measuring = Threads("measure", MEASURE_THREADS)
        self._spaces = PerSpace(build)
        self._spaces.get(None)

    async def list(
        self, limit: int | None = None, after: str | None = None, space: str | None = None
    ) -> Sequence[ProfileSummary]:
        profiles = await self._spaces.of(space)
        return await self._lookups.run_stoppable(partial(profiles.list, limit, after))

    async def get(self, name: str, space: str | None = None) -> Profile:
        profiles = await self._spaces.of(space)
        return await self._lookups.run(profiles.get, name)

    async def create(self, request: ProfileRequest, space: str | None = None) -> Profile:
        profiles = await self._spaces.of(space)
        return await self._measuring.run_stoppable(partial(profiles.create, request))

    async def delete(self, name: str, space: str | None = None) -> None:
        profiles = await self._spaces.of(space)
        await self._lookups.run(profiles.delete, name)

    async def compare(
        self, name: str, dataset_key: str | None, other: str | None, space: str | None = None
    ) -> Comparison:
        profiles = await self._spaces.of(space)
        work = partial(profiles.compare, name, dataset_key, other)
        return await self._measuring.run_stoppable(work)

    async def plot(
        self, name: str, dataset_key: str | None, other: str | None, space: str | None = None
    ) -> str:
        profiles = await self._spaces.of(space)
        work = partial(profiles.plot, name, dataset_key, other)
        return await self._measuring.run_stoppable(work)

    async def ready(self) -> bool:
        return True
