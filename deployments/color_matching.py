"""Recording with a profile: the image takes on the profile's colours before it is stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from engines.profiles import match_colours
from engines.types import GeneratedImage, GenerationRequest, Profile, StoredImage

if TYPE_CHECKING:
    from deployments.wiring import Recorder


class ProfileSource(Protocol):
    def get(self, name: str) -> Profile:
        """`NotFound` if there is none of that name."""


@dataclass(frozen=True, slots=True)
class ColourMatchingRecorder:
    """Passes images of requests without a profile through as they are."""

    recorder: Recorder
    profiles: ProfileSource

    def record(self, request: GenerationRequest, image: GeneratedImage) -> StoredImage:
        if request.profile is None:
            return self.recorder.record(request, image)
        statistics = self.profiles.get(request.profile).statistics
        pixels = match_colours(image.pixels, statistics, request.profile_strength)
        note = (
            f"colours matched to profile {request.profile} "
            f"at strength {request.profile_strength:g} (Reinhard 2001, CIELAB)"
        )
        matched = replace(image, pixels=pixels, notes=(*image.notes, note))
        return self.recorder.record(request, matched)
