"""Store profiles: one JSON file each, replaced atomically. Concurrent changes are detected.

Features are stored in a separate file, whose key is in the JSON file.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

import orjson

from engines.errors import Conflict, NotFound, StorageFailed
from engines.profiles.features import FeatureFacts, folder_of
from engines.types import Profile
from engines.types.metric_names import with_present_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engines.errors import JsonValue
    from engines.protocols import StopCheck, Storage

AREA = "profiles"
PREFIX = "stream_"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """A stored profile."""

    profile: Profile
    state: Mapping[str, JsonValue]
    """For `ProfileBuilder.from_state`."""
    etag: str
    """Version of the file, which `write` needs to replace it."""
    request_id: str = ""
    """The request that wrote it last; empty in files of older versions."""
    features: FeatureFacts | None = None
    """None for a profile without features."""


def key_of(name: str) -> str:
    """Storage key of the profile of this name."""
    return f"{AREA}/{PREFIX}{name}.json"


class ProfileStore:
    """Reads and writes profiles. Blocks on storage. Threads may share it."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def all(self, after: str | None = None) -> Iterator[StoredProfile]:
        """All profiles after the profile `after`, ordered by name, without those that are deleted
        meanwhile. Raises as `get` does."""
        for name in self._names(after):
            with suppress(NotFound):
                yield self.get(name)

    def before_writing(self, name: str, stop: StopCheck) -> StoredProfile | None:
        """The profile; None if there is none, and one of that name may be written. Calls `stop` for
        each other profile.

        Raises:
            Conflict: another profile's name differs only in case: on Windows and macOS a copy of
                both would be one file.
            StorageFailed: the file is damaged.
        """
        with suppress(NotFound):
            return self.get(name)
        for other in self._names():
            stop()
            if other.casefold() == name.casefold():
                raise Conflict(
                    f"A profile of the name {other} exists, and {name} differs from it only in "
                    "case: use its name, or another one"
                )
        return None

    def get(self, name: str) -> StoredProfile:
        """The profile. Raises `NotFound`, and `StorageFailed` if the file is damaged."""
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
        """Store a new profile, or, with `etag`, replace that version. Returns it with its size.

        Raises `Conflict` if a new profile exists already, or if the version is not the present one.
        """
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
        """Remove a features file to which no profile refers; does nothing for None."""
        if features is not None:
            self._remove(features.key)

    def _names(self, after: str | None = None) -> Iterator[str]:
        for stat in self._storage.list(AREA, "" if after is None else key_of(after)):
            name = stat.key.removeprefix(f"{AREA}/{PREFIX}").removesuffix(".json")
            if key_of(name) == stat.key:
                yield name

    def _remove(self, key: str) -> None:
        with suppress(NotFound):
            self._storage.delete(key)


def iso(moment: datetime) -> str:
    """The moment, which must be in UTC, in ISO 8601 with seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _sizes(content: bytes, features: FeatureFacts | None) -> tuple[int, int]:
    """Bytes of the profile with its features, and the number of images with features."""
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
    """The statistics with present names; in files of older versions some scalars have others."""
    scalars = {
        name: with_present_names(cast("dict[str, JsonValue]", statistics[name]))
        for name in ("means", "deviations")
        if name in statistics
    }
    return {**statistics, **scalars}
