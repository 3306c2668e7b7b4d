"""Profiles as objects: one JSON file each, replaced whole, safe against two writers; features lie
in a file of their own, which the JSON file names."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

import orjson

from engines.errors import NotFound, StorageFailed
from engines.profiles.features import FeatureFacts, folder_of
from engines.types import Profile
from engines.types.metric_names import with_present_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engines.errors import JsonValue
    from engines.protocols import Storage

AREA = "profiles"
PREFIX = "stream_"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """A profile, what its builder continues from, and the version that a replace must name."""

    profile: Profile
    state: Mapping[str, JsonValue]
    etag: str
    request_id: str = ""
    """Which request wrote it last; empty for one that is older than this."""
    features: FeatureFacts | None = None
    """None for a profile that was made without."""


def key_of(name: str) -> str:
    """Storage key of the profile of this name."""
    return f"{AREA}/{PREFIX}{name}.json"


class ProfileStore:
    """Blocks on storage; safe to share between threads."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def all(self, after: str | None = None) -> Iterator[StoredProfile]:
        """Ordered by key; those after the profile `after`. One deleted meanwhile is left out."""
        for stat in self._storage.list(AREA, "" if after is None else key_of(after)):
            name = stat.key.removeprefix(f"{AREA}/{PREFIX}").removesuffix(".json")
            if key_of(name) == stat.key:
                with suppress(NotFound):
                    yield self.get(name)

    def get(self, name: str) -> StoredProfile:
        """`NotFound` if absent, `StorageFailed` if the file is not a profile."""
        key = key_of(name)
        try:
            etag = self._storage.stat(key).etag
            content = self._storage.read(key)
        except NotFound:
            raise NotFound("profile", name) from None
        try:
            return _parse(name, key, content, etag)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise StorageFailed(f"Profile {name} is damaged") from error

    def write(
        self,
        profile: Profile,
        state: Mapping[str, JsonValue],
        request_id: str = "",
        etag: str | None = None,
        features: FeatureFacts | None = None,
    ) -> Profile:
        """The profile with its size. A new one without `etag`, else in place of that version;
        `Conflict` if it exists, or if somebody else changed it since it was read."""
        content = _render(profile, state, request_id, features)
        if etag is None:
            self._storage.put_new(profile.key, content)
        else:
            self._storage.replace(profile.key, content, etag)
        size_bytes, kept_features = _sizes(content, features)
        return replace(profile, size_bytes=size_bytes, kept_features=kept_features)

    def delete(self, name: str) -> None:
        """Remove the profile and its features. Raises `NotFound`. Blocks."""
        self.get(name)
        self._storage.delete(key_of(name))
        for stat in list(self._storage.list(folder_of(AREA, name))):
            self._remove(stat.key)

    def forget(self, features: FeatureFacts | None) -> None:
        """Remove features that no profile names any more, if there are any."""
        if features is not None:
            self._remove(features.key)

    def _remove(self, key: str) -> None:
        with suppress(NotFound):
            self._storage.delete(key)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second; the moment must be in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _sizes(content: bytes, features: FeatureFacts | None) -> tuple[int, int]:
    """Bytes of all that is stored, and images with features."""
    if features is None:
        return len(content), 0
    return len(content) + features.size_bytes, features.count


def _render(
    profile: Profile,
    state: Mapping[str, JsonValue],
    request_id: str,
    features: FeatureFacts | None,
) -> bytes:
    document: dict[str, JsonValue] = {
        "format": FORMAT,
        "name": profile.name,
        "created_at": iso(profile.created_at),
        "updated_at": iso(profile.updated_at),
        "request_id": request_id,
        "sample_count": profile.sample_count,
        "statistics": dict(profile.statistics),
        "state": {name: value for name, value in state.items() if name != "hashes"},
    }
    if "hashes" in state:
        document["hashes"] = state["hashes"]
    if features is not None:
        document["features"] = features.to_json()
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _parse(name: str, key: str, content: bytes, etag: str) -> StoredProfile:
    document = orjson.loads(content)
    features = FeatureFacts.of(document["features"]) if "features" in document else None
    size_bytes, kept_features = _sizes(content, features)
    profile = Profile(
        name=name,
        created_at=datetime.fromisoformat(document["created_at"]),
        updated_at=datetime.fromisoformat(document["updated_at"]),
        sample_count=int(document["sample_count"]),
        key=key,
        statistics=_in_present_names(document["statistics"]),
        kept_hashes=len(document.get("hashes", ())),
        size_bytes=size_bytes,
        kept_features=kept_features,
    )
    state = cast("dict[str, JsonValue]", document["state"])
    if "hashes" in document:
        state["hashes"] = document["hashes"]
    return StoredProfile(profile, state, etag, str(document.get("request_id", "")), features)


def _in_present_names(statistics: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The statistics, of an older profile too: some scalars had other names."""
    scalars = {
        name: with_present_names(cast("dict[str, JsonValue]", statistics[name]))
        for name in ("means", "deviations")
        if name in statistics
    }
    return {**statistics, **scalars}
