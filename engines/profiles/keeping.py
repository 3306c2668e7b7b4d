"""Collect, write and read the features of profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engines.errors import Conflict, InvalidParameters, NotFound
from engines.profiles.features import (
    Encoder,
    FeatureCollector,
    FeatureFacts,
    OpenEncoder,
    ProfileFeatures,
    folder_of,
    read_features,
    write_features,
)
from engines.profiles.store import AREA

if TYPE_CHECKING:
    from engines.profiles.store import StoredProfile
    from engines.protocols import Storage
    from engines.types import ProfileRequest

PARAMETER = "keep_features"


class FeatureKeeper:
    """Keeps features of at most `most` images per profile.

    Blocks on storage and the encoder. Threads may share it.
    """

    def __init__(self, storage: Storage, open_encoder: OpenEncoder, most: int) -> None:
        self._storage = storage
        self._open_encoder = open_encoder
        self._most = most

    def collector(
        self, request: ProfileRequest, before: StoredProfile | None
    ) -> FeatureCollector | None:
        """A collector for the images of the request; None for a profile without features.

        `before`: the profile that the request extends.

        Raises:
            InvalidParameters: there is no encoder, or it is not the one of the stored features.
        """
        facts = before.features if before else None
        if facts is None:
            return FeatureCollector(self._encoder(), self._most) if request.keep_features else None
        encoder = self._encoder()
        if encoder.name != facts.encoder:
            reason = f"is not possible: its features are of the encoder {facts.encoder}, and this "
            reason += f"service has {encoder.name}; make the profile again"
            raise InvalidParameters.of("update", True, f"the encoder {facts.encoder}", reason)
        return FeatureCollector(encoder, self._most, self.read(request.name, facts), facts.seen)

    def write(self, collector: FeatureCollector, request: ProfileRequest) -> FeatureFacts:
        """Store the collected features under a key of this request. No profile refers to them
        yet."""
        key = f"{folder_of(AREA, request.name)}/{request.request_id}.safetensors"
        found, encoder = collector.found(), collector.encoder.name
        return write_features(self._storage, key, found, encoder, collector.seen)

    def read(self, name: str, facts: FeatureFacts) -> ProfileFeatures:
        """The features of the profile `name`.

        Raises:
            Conflict: the profile was changed meanwhile.
            StorageFailed: the file is damaged.
        """
        try:
            return read_features(self._storage, facts)
        except NotFound:
            raise Conflict(f"Profile {name} changed meanwhile; repeat the request") from None

    def _encoder(self) -> Encoder:
        encoder, missing = self._open_encoder()
        if encoder is None:
            reason = f"is not possible on this service: {missing}"
            raise InvalidParameters.of(PARAMETER, True, "a service with an encoder", reason)
        return encoder
