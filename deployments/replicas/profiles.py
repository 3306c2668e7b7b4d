"""Profiles of real image sets on CPU replicas."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from deployments.background import Threads
from deployments.observing.refusals import leave_out_refusals
from deployments.wiring.library import LibraryWiring
from engines.profiles import ProfileService
from engines.types import Comparison, Profile, ProfileRequest, ProfileSummary

LOOKUP_THREADS = 4
MEASURE_THREADS = 4


class ProfilesReplica:
    """Calls the profile service of a space on worker threads. Measuring images has separate
    threads. Canceling a call stops its work between two images."""

    def __init__(self, wiring: LibraryWiring[ProfileService]) -> None:
        leave_out_refusals()
        self._lookups = Threads("lookup", LOOKUP_THREADS)
        self._measuring = Threads("measure", MEASURE_THREADS)
        self._spaces = wiring.engines()
        self._spaces.get(None)  # the shipped profiles are there from the start

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

    async def conformance(self, name: str, key: str, space: str | None = None) -> float:
        """How well the image agrees with the profile, 0 to 100."""
        profiles = await self._spaces.of(space)
        return await self._lookups.run(profiles.conformance, name, key)

    async def plot(
        self, name: str, dataset_key: str | None, other: str | None, space: str | None = None
    ) -> str:
        """The comparison as an SVG document. Raises `NotFound`."""
        profiles = await self._spaces.of(space)
        work = partial(profiles.plot, name, dataset_key, other)
        return await self._measuring.run_stoppable(work)

    async def ready(self) -> bool:
        """True once constructed."""
        return True
