"""A profile on a request changes the stored pixels, and the recipe says so."""

from __future__ import annotations

import numpy as np
import pytest

from deployments.wiring.diffusion import MatchingRecorder
from engines.errors import NotFound
from engines.profiles import ProfileBuilder
from engines.profiles.matching import ColorMatching
from engines.types import GeneratedImage, GenerationRequest, Profile, StoredImage


class Kept:
    def __init__(self) -> None:
        self.image: GeneratedImage | None = None

    def record(self, request: GenerationRequest, image: GeneratedImage) -> StoredImage:
        self.image = image
        return StoredImage("generated/x.png", image.served_model, request.seed, "00", 1)

    def stored(self, request: GenerationRequest) -> StoredImage | None:
        return StoredImage("generated/x.png", "m", request.seed, "00", 1)


class Reds:
    """One profile, of red noise."""

    def get(self, name: str) -> Profile:
        if name != "reds":
            raise NotFound("profile", name)
        builder = ProfileBuilder()
        builder.add(noise((120, 0, 0)))
        from datetime import UTC, datetime

        now = datetime(2026, 1, 1, tzinfo=UTC)
        return Profile("reds", now, now, 1, "profiles/stream_reds.json", builder.statistics())


def noise(tint: tuple[int, int, int]) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    draw = np.random.default_rng(3).integers(0, 130, (32, 32, 3)) + np.array(tint)
    return np.clip(draw, 0, 255).astype(np.uint8)


def recorded(profile: str | None, strength: float = 1.0) -> GeneratedImage:
    kept = Kept()
    request = GenerationRequest(
        "image_1", "a fox", "m", 32, 32, 1, 1.0, 1, profile=profile, profile_strength=strength
    )
    image = GeneratedImage(noise((0, 0, 120)), "m", None, "DDIMScheduler", {}, ("stand-in",))
    MatchingRecorder(kept, ColorMatching(Reds())).record(request, image)
    assert kept.image is not None
    return kept.image


def test_without_a_profile_nothing_changes() -> None:
    image = recorded(None)
    assert np.array_equal(image.pixels, noise((0, 0, 120)))
    assert image.notes == ("stand-in",)


def test_a_profile_moves_the_colors_and_is_noted() -> None:
    image = recorded("reds", 0.5)
    red, _, blue = image.pixels.reshape(-1, 3).mean(axis=0)
    before = noise((0, 0, 120)).reshape(-1, 3).mean(axis=0)
    assert red > before[0]
    assert blue < before[2]
    assert "reds" in image.notes[-1]
    assert "0.5" in image.notes[-1]


def test_an_unknown_profile_is_not_found() -> None:
    with pytest.raises(NotFound):
        recorded("blues")
