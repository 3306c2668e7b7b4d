"""Match the colors of a generated image to the profile that its request names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from engines.profiles.colors import match_colors
from engines.types import GeneratedImage, GenerationRequest, Profile

if TYPE_CHECKING:
    from engines.errors import JsonValue


MatchColors = Callable[[GenerationRequest, GeneratedImage], GeneratedImage]
"""Returns the image with its colors matched. Blocks. Raises `NotFound` for an unknown profile."""


class ProfileSource(Protocol):
    """Gives access to profiles by name."""

    def get(self, name: str) -> Profile:
        """The profile. Raises `NotFound` if there is none of that name. Blocks."""


class ColorMatching:
    """Implements `MatchColors`. Threads may share it.

    `remember`: read each profile only once, instead of for every image. For jobs during which
    profiles do not change.
    """

    def __init__(self, profiles: ProfileSource, remember: bool = False) -> None:
        self._profiles = profiles
        self._remember = remember
        self._known: dict[str, Mapping[str, JsonValue]] = {}

    def __call__(self, request: GenerationRequest, image: GeneratedImage) -> GeneratedImage:
        """The image with the profile's colors, or unchanged if the request names no profile.

        Blocks.

        Raises:
            NotFound: there is no such profile.
        """
        if request.profile is None:
            return image
        statistics = self._statistics(request.profile)
        pixels = match_colors(image.pixels, statistics, request.profile_strength)
        note = (
            f"colors matched to profile {request.profile} "
            f"at strength {request.profile_strength:g} (Reinhard 2001, CIELAB)"
        )
        return replace(image, pixels=pixels, notes=(*image.notes, note))

    def _statistics(self, name: str) -> Mapping[str, JsonValue]:
        found = self._known.get(name)
        if found is None:
            found = self._profiles.get(name).statistics
            if self._remember:
                self._known[name] = found
        return found
