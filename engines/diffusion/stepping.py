"""One turn of the engine: one denoising step of a batch, and the decoding of finished latents.

A failure ends the request that caused it, and no other.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engines.diffusion.isolation import as_domain_error, run_isolated
from engines.errors import Canceled
from engines.types import GeneratedImage

if TYPE_CHECKING:
    from engines.diffusion.config import EngineConfig
    from engines.diffusion.contract import AnyRunner, DecodedImage
    from engines.diffusion.counters import Counters
    from engines.diffusion.models.cache import ModelCache
    from engines.diffusion.scheduling.generation import Generation
    from engines.diffusion.scheduling.roster import Roster, Turn
    from engines.protocols import Clock

logger = logging.getLogger(__name__)
Failures = list[tuple["Generation", Exception]]


@dataclass(frozen=True, slots=True)
class Stepped:
    """The result of one denoising step."""

    generations: Sequence[Generation] = ()
    """All requests of the step, including failed ones."""
    failures: Sequence[tuple[Generation, Exception]] = ()


class Stepping:
    """Runs the turns that the roster chooses.

    `run` and `finish` block on the model; only the engine's thread may call them.
    """

    def __init__(
        self,
        config: EngineConfig,
        roster: Roster,
        models: ModelCache,
        counters: Counters,
        clock: Clock,
    ) -> None:
        self._config = config
        self._roster = roster
        self._models = models
        self._counters = counters
        self._clock = clock
        self._decode_waits = False

    def run(self, turn: Turn) -> Stepped:
        """End the requests in `turn.ended`, start new requests, and run one step of the batch."""
        for generation, error in turn.ended:
            self.fail(generation, error)
        if not turn.batch:
            return Stepped()
        began_at = self._clock()
        runner = self._models.runner(turn.batch[0].entry.id)
        failures = self._start([each for each in turn.batch if each.denoising is None], runner)
        stepped = [each for each in turn.batch if each.denoising is not None]
        rows = sum(each.rows for each in stepped)
        failures += self._advance(stepped, runner)
        self._counters.steps_total += 1
        self._counters.rows_total += rows
        self._counters.step_s_total += self._clock() - began_at
        return Stepped(stepped, failures)

    def finish(self, stepped: Stepped) -> bool:
        """End the failed requests, report the step to the others, and decode.

        Decodes the latents that have waited longest, at most as many as the model can decode in
        parallel. Returns whether any were decoded.
        """
        for generation, error in stepped.failures:
            self.fail(generation, error)
        for generation in stepped.generations:
            if not generation.ended:
                self._report(generation, self._models.runner(generation.entry.id))
        return self._decode_next(any(not each.is_denoised for each in stepped.generations))

    def _decode_next(self, steps_go_on: bool) -> bool:
        waiting = self._roster.to_decode()
        if not waiting:
            return False
        runner = self._models.runner(waiting[0].entry.id)
        workers = runner.info.workers
        # If too few images wait to use all decoder threads, wait one turn for another image.
        self._decode_waits = steps_go_on and len(waiting) < workers.count and not self._decode_waits
        if self._decode_waits:
            return False
        together = waiting[: workers.count]
        decoding_at = self._clock()
        decoded = workers.each(runner.decode, [each.denoising for each in together])
        for generation, outcome in zip(together, decoded, strict=True):
            self._finished(generation, runner, outcome, decoding_at)
        return True

    def _finished(
        self,
        generation: Generation,
        runner: AnyRunner,
        decoded: DecodedImage | Exception,
        decoding_at: float,
    ) -> None:
        """End the request with its image, or with the exception of its decoding."""
        if isinstance(decoded, Exception):
            self.fail(generation, decoded)
        elif self._end(generation):
            self._counters.images_total += 1
            generation.tell_finished(self._image(generation, runner, decoded, decoding_at))

    def fail(self, generation: Generation, error: Exception) -> None:
        """End the request with the translated error, unless it has ended already."""
        domain_error = as_domain_error(error)
        if not self._end(generation):
            return
        if isinstance(domain_error, Canceled):
            self._counters.canceled_total += 1
        else:
            self._counters.failed_total += 1
        generation.tell_failed(domain_error)

    def _start(self, fresh: Sequence[Generation], runner: AnyRunner) -> Failures:
        def start(group: Sequence[Generation]) -> None:
            began_at = self._clock()
            states = runner.start([generation.request for generation in group])
            for generation, state in zip(group, states, strict=True):
                generation.denoising = state
                generation.started_at = began_at
                self._models.lease(generation.entry.id)

        return run_isolated(start, fresh) if fresh else []

    def _advance(self, stepped: Sequence[Generation], runner: AnyRunner) -> Failures:
        alone: Failures = []

        def advance(group: Sequence[Generation]) -> None:
            errors = runner.step([each.denoising for each in group if each.denoising is not None])
            alone.extend((each, error) for each, error in zip(group, errors, strict=True) if error)

        if not stepped:
            return []
        together = run_isolated(advance, stepped, self._roster.did_not_fit)
        return together + alone

    def _report(self, generation: Generation, runner: AnyRunner) -> None:
        jpeg = None
        now = self._clock()
        if generation.wants_preview(now, self._config.preview_interval_s):
            generation.previewed_at = now
            jpeg = self._preview(generation, runner)
        generation.report(jpeg)
        if generation.is_denoised:
            generation.denoised_at = now
            self._roster.finish_steps(generation)
        else:
            self._roster.weigh(generation)

    def _preview(self, generation: Generation, runner: AnyRunner) -> bytes | None:
        if generation.denoising is None:
            return None
        try:
            return runner.preview(generation.denoising, self._config.preview_max_side_px)
        except Exception:
            logger.exception("no preview of %s", generation.request.image_id)
            return None

    def _end(self, generation: Generation) -> bool:
        if not self._roster.end(generation):
            return False
        state, generation.denoising = generation.denoising, None
        if state is not None:
            self._models.runner(generation.entry.id).abandon(state)
            self._models.release(generation.entry.id)
        return True

    def _image(
        self,
        generation: Generation,
        runner: AnyRunner,
        decoded: DecodedImage,
        decoding_at: float,
    ) -> GeneratedImage:
        info, entry, request = runner.info, generation.entry, generation.request
        now = self._clock()
        notes = (*generation.notes, *info.notes, *decoded.notes)
        if request.speed != "exact" and not decoded.speed:
            note = f"this model has no speed modes: speed exact was used, not {request.speed}"
            notes = (*notes, note)
        if request.model_id in entry.stand_in_for:
            notes = (f"{entry.id} stood in for {request.model_id}", *notes)
        return GeneratedImage(
            pixels=decoded.pixels,
            served_model=entry.id,
            revision=info.revision,
            noise_scheduler=info.noise_scheduler,
            safety=decoded.safety,
            notes=notes,
            guidance={"scale": request.guidance_scale, "rescale": request.guidance_rescale},
            speed=decoded.speed or {"mode": "exact"},
            engine_s=now - generation.admitted_at,
            timing=generation.timing(decoding_at, now),
        )
