"""The service's operations on profiles: create, extend, list, compare, delete."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING

from engines.errors import (
    Conflict,
    Forbidden,
    InferloopError,
    InsufficientStorage,
    InvalidParameters,
    NotFound,
    StorageAway,
)
from engines.images import ImageLimits, read_pixels
from engines.profiles.comparison import compare
from engines.profiles.config import ProfilesConfig
from engines.profiles.features import FeatureFacts, OpenEncoder, ProfileFeatures, no_encoder
from engines.profiles.keeping import FeatureKeeper
from engines.profiles.plot import comparison_svg
from engines.profiles.sources import SourceFile, decoded, files_of_bucket, files_of_folder
from engines.profiles.statistics import ProfileBuilder
from engines.profiles.store import AREA, PREFIX, ProfileStore, StoredProfile, key_of
from engines.protocols import StopCheck, never_stopped
from engines.types import Comparison, Profile, ProfileRequest, ProfileSummary, S3Folder

if TYPE_CHECKING:
    from engines.errors import JsonValue
    from engines.images import ReadPixels
    from engines.profiles.features import FeatureCollector
    from engines.protocols import Storage
    from engines.storage.s3.client import S3ClientFactory
    from engines.types import AllowedBuckets, Pixels

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


class ProfileService:
    """Creates, extends, lists, compares and deletes profiles.

    Blocks on storage and decoding. Threads may share it. `s3_clients` makes an S3 client for each
    profile of a bucket, and `buckets` are the buckets that may be read; None: no bucket may.
    `read_pixels` decodes files, perhaps in another process. `encoder`: for profiles with features.
    """

    def __init__(
        self,
        storage: Storage,
        limits: ImageLimits | None = None,
        clock: Clock = _now,
        config: ProfilesConfig | None = None,
        s3_clients: S3ClientFactory | None = None,
        buckets: AllowedBuckets | None = None,
        read_pixels: ReadPixels = read_pixels,
        encoder: OpenEncoder = no_encoder,
    ) -> None:
        self._storage = storage
        self._read_pixels = read_pixels
        self._store = ProfileStore(storage)
        self._limits = limits or ImageLimits()
        self._clock = clock
        self._config = config or ProfilesConfig()
        self._keeper = FeatureKeeper(storage, encoder, self._config.max_features)
        self._s3_clients = s3_clients
        self._buckets = buckets

    def seed(self) -> None:
        """Copy the included profiles to the data root, unless they exist there.

        Several replicas may do so at once. If there is no room, this is logged only, because a
        service can still read and delete.
        """
        for resource in files("engines.profiles").joinpath("data").iterdir():
            if not resource.name.startswith(PREFIX):
                continue
            try:
                self._storage.put_new(f"{AREA}/{resource.name}", resource.read_bytes())
            except Conflict:  # exists, and may have been extended
                continue
            except (InsufficientStorage, StorageAway) as error:
                logger.warning("The included profiles are not copied: %s", error)
                return

    def list(
        self, limit: int | None = None, after: str | None = None, stop: StopCheck = never_stopped
    ) -> Sequence[ProfileSummary]:
        """Summaries ordered by name: at most `limit` (None: all) of those after `after`."""
        summaries = []
        for stored in islice(self._store.all(after), limit):
            stop()
            p = stored.profile
            summaries.append(ProfileSummary(p.name, p.created_at, p.sample_count, p.key))
        return summaries

    def get(self, name: str) -> Profile:
        return self._store.get(name).profile

    def delete(self, name: str) -> None:
        """Remove the profile. Raises `NotFound`. Blocks."""
        self._store.delete(name)

    def create(self, request: ProfileRequest, stop: StopCheck = never_stopped) -> Profile:
        """Create the profile from every image below the folder, or, with `update`, extend it.

        A request that is repeated with the same `request_id` returns the profile that the first
        attempt created.

        Raises:
            NotFound: the folder has no images, or there is no such bucket.
            InvalidParameters: no image can be decoded, the bucket is in another region, hashes or
                features are requested for a profile that was created without them, or the encoder
                is missing or is not the one of the stored features.
            Forbidden: the bucket is not allowed or is the data root's, or access was denied.
            Conflict: the profile exists already, its name differs from another one's only in case,
                or it was changed meanwhile.
            StorageFailed: the data root or S3 cannot be reached.
        """
        before = self._store.before_writing(request.name, stop)
        if before is not None and before.request_id == request.request_id:
            return before.profile
        _check_may_extend(request, before)
        builder = ProfileBuilder(request.keep_hashes)
        if before is not None:
            builder = ProfileBuilder.from_state(before.state)
        collector = self._keeper.collector(request, before)
        keep_hashes = builder.hashes is not None
        builder.merge(self._measure(request.source, stop, keep_hashes, collector))
        now = self._clock()
        profile = Profile(
            name=request.name,
            created_at=before.profile.created_at if before else now,
            updated_at=now,
            sample_count=builder.sample_count,
            key=key_of(request.name),
            statistics=builder.statistics(),
            kept_hashes=len(builder.hashes or ()),
        )
        return self._written(profile, builder, request, before, collector)

    def _written(
        self,
        profile: Profile,
        builder: ProfileBuilder,
        request: ProfileRequest,
        before: StoredProfile | None,
        collector: FeatureCollector | None,
    ) -> Profile:
        """Store the features, then the profile, so that a profile never refers to missing
        features."""
        features = None if collector is None else self._keeper.write(collector, request)
        etag, request_id = before.etag if before else None, request.request_id
        try:
            written = self._store.write(profile, builder.state(), request_id, etag, features)
        except InferloopError:
            self._store.forget(features)
            raise
        self._store.forget(before.features if before else None)
        return written

    def version(self, name: str) -> str:
        """A text that changes whenever the profile changes. Raises `NotFound`. Blocks."""
        return self._store.get(name).etag

    def feature_facts(self, name: str) -> FeatureFacts | None:
        """The profile's features file; None if it was created without features. Raises `NotFound`.
        Blocks."""
        return self._store.get(name).features

    def features(self, name: str, facts: FeatureFacts) -> ProfileFeatures:
        """The features in the file that `feature_facts` returned. Blocks.

        Raises:
            Conflict: the profile was changed meanwhile.
            StorageFailed: the file is damaged.
        """
        return self._keeper.read(name, facts)

    def compare(
        self,
        name: str,
        dataset_key: str | None,
        other: str | None,
        stop: StopCheck = never_stopped,
    ) -> Comparison:
        """Compare the profile with a dataset's images, or with the profile `other` if given.

        Raises:
            NotFound: there is no such profile, or no image in the dataset.
            InvalidParameters: neither `dataset_key` nor `other` is given, or no image decodes.
        """
        left, right, names = self._sides(name, dataset_key, other, stop)
        return compare(left, right, names)

    def conformance(self, name: str, key: str) -> float:
        """How similar one image's statistics are to the profile's, 0..100 (docs/profiles.md).

        Blocks.

        Raises:
            NotFound: there is no such profile, or no such image.
            InvalidImage: the image does not decode.
        """
        left = self.get(name).statistics
        builder = ProfileBuilder(keep_hashes=False)
        builder.add(self._read_pixels(self._storage.read(key), self._limits))
        return compare(left, builder.statistics(), (name, key)).conformance

    def plot(
        self,
        name: str,
        dataset_key: str | None,
        other: str | None,
        stop: StopCheck = never_stopped,
    ) -> str:
        """The comparison of `compare` as an SVG document. Raises the same errors."""
        left, right, names = self._sides(name, dataset_key, other, stop)
        return comparison_svg(left, right, compare(left, right, names))

    def _sides(
        self, name: str, dataset_key: str | None, other: str | None, stop: StopCheck
    ) -> tuple[Mapping[str, JsonValue], Mapping[str, JsonValue], tuple[str, str]]:
        left = self.get(name).statistics
        if other is not None:
            return left, self.get(other).statistics, (name, other)
        if dataset_key is None:
            raise InvalidParameters.of(
                "dataset", None, "dataset or profile", "or profile must be given"
            )
        return left, self._measure(dataset_key, stop).statistics(), (name, dataset_key)

    def _decoded(self, source: str | S3Folder) -> Iterator[Pixels | None]:
        return decoded(self._files(source), self._limits, self._config, self._read_pixels)

    def _measure(
        self,
        source: str | S3Folder,
        stop: StopCheck,
        keep_hashes: bool = False,
        collector: FeatureCollector | None = None,
    ) -> ProfileBuilder:
        builder, unreadable = ProfileBuilder(keep_hashes), 0
        for pixels in self._decoded(source):
            stop()
            if pixels is None:
                unreadable += 1
            else:
                builder.add(pixels)
                if collector is not None:
                    collector.add(pixels)
        if builder.sample_count == 0 and unreadable:
            parameter = "source_dir" if isinstance(source, str) else "source_url"
            raise InvalidParameters.of(
                parameter, unreadable, "at least one decodable image", "holds no decodable image"
            )
        if builder.sample_count == 0:
            place = source if isinstance(source, str) else source.url
            raise NotFound("images under folder", place)
        return builder

    def _files(self, source: str | S3Folder) -> Iterable[SourceFile]:
        if isinstance(source, str):
            return files_of_folder(self._storage, source)
        if self._s3_clients is None or self._buckets is None:
            raise Forbidden("This service does not make profiles of buckets")
        self._buckets.check(source.bucket)
        return files_of_bucket(self._s3_clients(self._config.read_workers), source)


def _check_may_extend(request: ProfileRequest, found: StoredProfile | None) -> None:
    """Raise if the profile exists, and the request may not extend it."""
    if found is None:
        return
    if not request.update:
        raise Conflict(f"Profile {request.name} exists; set update to extend it")
    for parameter, asked, kept in (
        ("keep_hashes", request.keep_hashes, "hashes" in found.state),
        ("keep_features", request.keep_features, found.features is not None),
    ):
        if asked and not kept:
            words = f"a profile that keeps {parameter.removeprefix('keep_')}"
            reason = "must be set when the profile is created"
            raise InvalidParameters.of(parameter, True, words, reason)
