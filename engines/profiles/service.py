"""Profiles as the service offers them: made from a folder, extended, listed, compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING

from engines.errors import Conflict, InvalidImage, InvalidParameters, NotFound
from engines.images import ImageLimits, decode
from engines.profiles.comparison import compare
from engines.profiles.plot import comparison_svg
from engines.profiles.statistics import ProfileBuilder
from engines.profiles.store import AREA, PREFIX, ProfileStore, StoredProfile, key_of
from engines.types import Comparison, Profile, ProfileRequest, ProfileSummary

if TYPE_CHECKING:
    from engines.errors import JsonValue
    from engines.protocols import Storage

Clock = Callable[[], datetime]
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")


def _now() -> datetime:
    return datetime.now(UTC)


class ProfileService:
    """Blocks on storage and decoding; safe to share between threads."""

    def __init__(
        self, storage: Storage, limits: ImageLimits | None = None, clock: Clock = _now
    ) -> None:
        self._storage = storage
        self._store = ProfileStore(storage)
        self._limits = limits or ImageLimits()
        self._clock = clock

    def seed(self) -> None:
        """Copy the shipped profiles to where there is none yet; several replicas may try."""
        for resource in files("engines.profiles").joinpath("data").iterdir():
            if not resource.name.startswith(PREFIX):
                continue
            try:
                self._storage.put_new(f"{AREA}/{resource.name}", resource.read_bytes())
            except Conflict:
                continue

    def list(self) -> Sequence[ProfileSummary]:
        return [
            ProfileSummary(p.name, p.created_at, p.sample_count, p.key)
            for p in (stored.profile for stored in self._store.all())
        ]

    def get(self, name: str) -> Profile:
        return self._store.get(name).profile

    def delete(self, name: str) -> None:
        self._store.delete(name)

    def create(self, request: ProfileRequest) -> Profile:
        """Make the profile from every image under the folder, or with `update` extend it.

        `NotFound` if the folder holds no image, `InvalidParameters` if none of its files
        decodes, `Conflict` if the profile exists already or changed meanwhile.
        """
        before = self._before(request)
        builder = ProfileBuilder(request.keep_hashes)
        if before is not None:
            builder = ProfileBuilder.from_state(before.state)
        builder.merge(self._measure(request.source_key, keep_hashes=builder.hashes is not None))
        now = self._clock()
        profile = Profile(
            name=request.name,
            created_at=before.profile.created_at if before else now,
            updated_at=now,
            sample_count=builder.sample_count,
            key=key_of(request.name),
            statistics=builder.statistics(),
        )
        if before is None:
            self._store.write_new(profile, builder.state())
        else:
            self._store.replace(profile, builder.state(), before.etag)
        return profile

    def compare(self, name: str, dataset_key: str | None, other: str | None) -> Comparison:
        """The profile against a dataset's images or against another profile."""
        left, right, names = self._sides(name, dataset_key, other)
        return compare(left, right, names)

    def plot(self, name: str, dataset_key: str | None, other: str | None) -> str:
        """The same comparison as an SVG document."""
        left, right, names = self._sides(name, dataset_key, other)
        return comparison_svg(left, right, compare(left, right, names))

    def _sides(
        self, name: str, dataset_key: str | None, other: str | None
    ) -> tuple[Mapping[str, JsonValue], Mapping[str, JsonValue], tuple[str, str]]:
        left = self.get(name).statistics
        if other is not None:
            return left, self.get(other).statistics, (name, other)
        if dataset_key is None:
            raise InvalidParameters.of(
                "dataset", None, "dataset or profile", "or profile must be given"
            )
        return left, self._measure(dataset_key).statistics(), (name, dataset_key)

    def _before(self, request: ProfileRequest) -> StoredProfile | None:
        try:
            found = self._store.get(request.name)
        except NotFound:
            return None
        if not request.update:
            raise Conflict(f"Profile {request.name} exists; ask for update to extend it")
        return found

    def _measure(self, folder_key: str, keep_hashes: bool = False) -> ProfileBuilder:
        builder, unreadable = ProfileBuilder(keep_hashes), 0
        for key in self._images(folder_key):
            try:
                builder.add(decode(self._storage.read(key), self._limits).pixels)
            except InvalidImage:
                unreadable += 1
        if builder.sample_count == 0 and unreadable:
            raise InvalidParameters.of(
                "source_dir", unreadable, "at least one decodable image", "holds no decodable image"
            )
        if builder.sample_count == 0:
            raise NotFound("images under folder", folder_key)
        return builder

    def _images(self, folder_key: str) -> Iterator[str]:
        for stat in self._storage.list(folder_key):
            if stat.key.lower().endswith(IMAGE_SUFFIXES):
                yield stat.key
