"""The state of one accepted request, from its submission to its end."""

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
    """One accepted request. Changed by the engine only."""

    request: GenerationRequest
    """The request after `guidance.as_drawn`: with the guidance scale that the model is run with."""
    listener: GenerationListener
    entry: ModelEntry
    admitted_at: float
    """Seconds on the engine's clock."""
    notes: tuple[str, ...] = ()
    """Notes for the recipe about changes to the request at admission."""
    denoising: Denoising | None = None
    """None until the first step."""
    rows_planned: int = 0
    """Rows that the scheduler counts for the next step; 0 before the first."""
    steps_reported: int = 0
    ended: bool = False
    """Set once, under the roster's lock. Afterwards the listener is called only for the end."""
    previewed_at: float = field(default=float("-inf"))
    started_at: float | None = None
    """When the first step began, seconds on the engine's clock."""
    denoised_at: float | None = None
    """When the last step ended, seconds on the engine's clock."""

    @property
    def steps_done(self) -> int:
        """How many of the requested steps are complete, even if the noise scheduler takes another
        number of evaluations."""
        if self.denoising is None:
            return 0
        done, total = self.denoising.evaluations_done, self.denoising.evaluations_total
        return done * self.request.num_inference_steps // total

    @property
    def rows(self) -> int:
        """Rows in the next forward pass; 0 before the first step."""
        return 0 if self.denoising is None else self.denoising.rows

    @property
    def is_denoised(self) -> bool:
        """Whether all evaluations are done, so that the latents can be decoded."""
        state = self.denoising
        return state is not None and state.evaluations_done >= state.evaluations_total

    def timing(self, decoding_at: float, now: float) -> Timing:
        """Durations of the request's phases; its decoding began at `decoding_at` and ended at
        `now`, seconds on the engine's clock."""
        started = self.admitted_at if self.started_at is None else self.started_at
        denoised = decoding_at if self.denoised_at is None else self.denoised_at
        return Timing(
            queued_s=started - self.admitted_at,
            denoising_s=denoised - started,
            waiting_s=decoding_at - denoised,
            decoding_s=now - decoding_at,
        )

    def wants_preview(self, now: float, interval_s: float) -> bool:
        """Whether previews are requested and the last one is at least `interval_s` old. `now`:
        seconds on the engine's clock."""
        return self.request.previews and now - self.previewed_at >= interval_s

    def report(self, preview_jpeg: bytes | None) -> None:
        """Report every step completed since the last report to the listener; the last of them gets
        the preview."""
        for step in range(self.steps_reported + 1, self.steps_done + 1):
            if self.ended:
                return
            jpeg = preview_jpeg if step == self.steps_done else None
            self._tell_progress(StepProgress(step, self.request.num_inference_steps, jpeg))
        self.steps_reported = max(self.steps_reported, self.steps_done)

    def tell_finished(self, image: GeneratedImage) -> None:
        """Pass the image to the listener. What the listener raises is logged, so that other
        requests go on."""
        try:
            self.listener.finished(image)
        except Exception:
            logger.exception("listener of %s raised", self.request.image_id)

    def tell_failed(self, error: InferloopError) -> None:
        """Pass the error to the listener. What the listener raises is logged."""
        try:
            self.listener.failed(error)
        except Exception:
            logger.exception("listener of %s raised", self.request.image_id)

    def _tell_progress(self, event: StepProgress) -> None:
        try:
            self.listener.progress(event)
        except Exception:
            logger.exception("listener of %s raised", self.request.image_id)
