"""Features on their way into a profile and out of it."""

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
    """Blocks on storage and the encoder; safe to share between threads. A profile keeps the
    features of `most` images at most."""

    def __init__(self, storage: Storage, open_encoder: OpenEncoder, most: int) -> None:
        self._storage = storage
        self._open_encoder = open_encoder
        self._most = most

    def collector(
        self, request: ProfileRequest, before: StoredProfile | None
    ) -> FeatureCollector | None:
        """What takes the images of the request; None for a profile without features.

        Raises:
            InvalidParameters: there is no encoder, or another than that of the features.
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
        """Under a key that no other request has: nothing names it until the profile does."""
        key = f"{folder_of(AREA, request.name)}/{request.request_id}.safetensors"
        found, encoder = collector.found(), collector.encoder.name
        return write_features(self._storage, key, found, encoder, collector.seen)

    def read(self, name: str, facts: FeatureFacts) -> ProfileFeatures:
        """Features of the profile `name`.

        Raises:
            Conflict: the profile changed meanwhile.
            StorageFailed: the file is damaged.
        """
        try:
            return read_features(self._storage, facts)
        except NotFound:
            raise Conflict(f"Profile {name} changed meanwhile; ask again") from None

    def _encoder(self) -> Encoder:
        encoder, missing = self._open_encoder()
        if encoder is None:
            reason = f"cannot be asked for here: {missing}"
            raise InvalidParameters.of(PARAMETER, True, "a service with an encoder", reason)
        return encoder
