"""The last step of a generation: the image takes on its profile's colors and its watermark, then it
is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engines.types import GeneratedImage, GenerationRequest, StoredImage

if TYPE_CHECKING:
    from deployments.wiring.diffusion import Recorder
    from engines.profiles.matching import MatchColors


@dataclass(frozen=True, slots=True)
class MatchingRecorder:
    """A recorder behind the matching. Blocks."""

    recorder: Recorder
    match: MatchColors

    def record(self, request: GenerationRequest, image: GeneratedImage) -> StoredImage:
        """As the inner recorder; `NotFound` for a profile that is not there."""
        return self.recorder.record(request, self.match(request, image))

    def stored(self, request: GenerationRequest) -> StoredImage | None:
        """As the inner recorder: what is stored is matched and watermarked already."""
        return self.recorder.stored(request)
