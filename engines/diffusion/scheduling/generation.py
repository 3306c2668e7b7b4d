"""One admitted request, from submission to its one end. The engine owns and mutates it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engines.types import StepProgress, Timing

if TYPE_CHECKING:
    from engines.diffusion.config import ModelEntry
    from engines.diffusion.contract import Denoising
    from engines.errors import InferloopError
    from engines.protocols import GenerationListener
    from engines.types import GeneratedImage, GenerationRequest

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Generation:
    """One accepted request on its way through the engine, from its admission to its one end."""

    request: GenerationRequest
    """With the guidance that the model is run with."""
    listener: GenerationListener
    entry: ModelEntry
    admitted_at: float
    """On the engine's clock, seconds."""
    notes: tuple[str, ...] = ()
    """What was changed about the request at admission."""
    denoising: Denoising | None = None
    """None until its first step."""
    rows_planned: int = 0
    """That the scheduler counts for its next step; 0 until its first."""
    steps_reported: int = 0
    ended: bool = False
    """Set once, under the roster's lock; after it the listener hears only the end itself."""
    previewed_at: float = field(default=float("-inf"))
    started_at: float | None = None
    """When its first step began, on the engine's clock."""
    denoised_at: float | None = None
    """When its last step had ended."""

    @property
    def steps_done(self) -> int:
        """Completed of the requested steps, whatever the noise scheduler does inside."""
        if self.denoising is None:
            return 0
        done, total = self.denoising.evaluations_done, self.denoising.evaluations_total
        return done * self.request.num_inference_steps // total

    @property
    def rows(self) -> int:
        """In a forward; 0 before the first step."""
        return 0 if self.denoising is None else self.denoising.rows

    @property
    def is_denoised(self) -> bool:
        """Whether every evaluation of the denoiser is done, so that it waits for its decoding."""
        state = self.denoising
        return state is not None and state.evaluations_done >= state.evaluations_total

    def timing(self, decoding_at: float, now: float) -> Timing:
        """Where its time went, for one whose decoding began at `decoding_at` and has ended."""
        started = self.admitted_at if self.started_at is None else self.started_at
        denoised = decoding_at if self.denoised_at is None else self.denoised_at
        return Timing(
            queued_s=started - self.admitted_at,
            denoising_s=denoised - started,
            waiting_s=decoding_at - denoised,
            decoding_s=now - decoding_at,
        )

    def wants_preview(self, now: float, interval_s: float) -> bool:
        """Whether a preview is asked for and the last one is `interval_s` seconds old. `now`: the
        engine's clock, seconds."""
        return self.request.previews and now - self.previewed_at >= interval_s

    def report(self, preview_jpeg: bytes | None) -> None:
        """Tell of every step completed since the last report; the preview goes with the newest."""
        for step in range(self.steps_reported + 1, self.steps_done + 1):
            if self.ended:
                return
            jpeg = preview_jpeg if step == self.steps_done else None
            self._tell_progress(StepProgress(step, self.request.num_inference_steps, jpeg))
        self.steps_reported = max(self.steps_reported, self.steps_done)

    def tell_finished(self, image: GeneratedImage) -> None:
        """Hand the image to the listener. What the listener raises is logged: no other request pays
        for it."""
        try:
            self.listener.finished(image)
        except Exception:
            logger.exception("listener of %s raised", self.request.image_id)

    def tell_failed(self, error: InferloopError) -> None:
        """Hand the error to the listener. What the listener raises is logged."""
        try:
            self.listener.failed(error)
        except Exception:
            logger.exception("listener of %s raised", self.request.image_id)

    def _tell_progress(self, event: StepProgress) -> None:
        try:
            self.listener.progress(event)
        except Exception:
            logger.exception("listener of %s raised", self.request.image_id)
