"""Matching an image's colours to the profile that its request names, as the service does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from engines.profiles import match_colours
from engines.types import GeneratedImage, GenerationRequest, Profile

if TYPE_CHECKING:
    from engines.errors import JsonValue

MatchColours = Callable[[GenerationRequest, GeneratedImage], GeneratedImage]
"""Blocks; `NotFound` for a profile that is not there."""


class ProfileSource(Protocol):
    def get(self, name: str) -> Profile:
        """`NotFound` if there is none of that name."""


class ColourMatching:
    """Reads a profile once: profiles do not change under a running job."""

    def __init__(self, profiles: ProfileSource) -> None:
        self._profiles = profiles
        self._known: dict[str, Mapping[str, JsonValue]] = {}

    def __call__(self, request: GenerationRequest, image: GeneratedImage) -> GeneratedImage:
        """The image as it is, where the request names no profile."""
        if request.profile is None:
            return image
        if request.profile not in self._known:
            self._known[request.profile] = self._profiles.get(request.profile).statistics
        statistics = self._known[request.profile]
        pixels = match_colours(image.pixels, statistics, request.profile_strength)
        note = (
            f"colours matched to profile {request.profile} "
            f"at strength {request.profile_strength:g} (Reinhard 2001, CIELAB)"
        )
        return replace(image, pixels=pixels, notes=(*image.notes, note))
