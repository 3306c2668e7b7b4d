"""The last step of a generation: match the image to its profile's colors, add its watermark,
store it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engines.types import GeneratedImage, GenerationRequest, StoredImage

if TYPE_CHECKING:
    from deployments.wiring.diffusion import Recorder
    from engines.profiles.matching import MatchColors


@dataclass(frozen=True, slots=True)
class MatchingRecorder:
    """A recorder that first matches the colors of the image to the requested profile. Blocks."""

    recorder: Recorder
    match: MatchColors

    def record(self, request: GenerationRequest, image: GeneratedImage) -> StoredImage:
        """As the inner recorder. Raises `NotFound` for a profile that does not exist."""
        return self.recorder.record(request, self.match(request, image))

    def stored(self, request: GenerationRequest) -> StoredImage | None:
        """As the inner recorder: a stored image is already matched and watermarked."""
        return self.recorder.stored(request)
