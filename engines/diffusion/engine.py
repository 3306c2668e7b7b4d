"""The step engine: one thread, one denoising step at a time, for whoever fits together."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from engines.diffusion import sizes, sources
from engines.diffusion.counters import Counters, Stats
from engines.diffusion.generation import Generation
from engines.diffusion.isolation import as_domain_error, run_isolated
from engines.diffusion.models import ModelCache
from engines.diffusion.scheduler import Batch, BatchScheduler, Residency, Ticket
from engines.errors import (
    Canceled,
    DeadlineExceeded,
    GenerationFailed,
    InferloopError,
    InvalidParameters,
    NotFound,
    ReplicaLost,
)
from engines.types import GeneratedImage

if TYPE_CHECKING:
    from engines.diffusion.config import EngineConfig, ModelEntry
    from engines.diffusion.contract import DecodedImage, Runner
    from engines.protocols import Clock, GenerationListener
    from engines.types import GenerationRequest

logger = logging.getLogger(__name__)
Load = Callable[["ModelEntry"], "Runner"]


class StepEngine:
    """Implements `engines.protocols.DiffusionEngine`.

    `submit`, `cancel`, `stats` and `check_health` come from any thread and hold a lock for
    microseconds. `step` belongs to the engine's thread; without `start`, the caller may drive it.
    """

    def __init__(
        self,
        config: EngineConfig,
        clock: Clock = time.monotonic,
        models_root: Path = Path(),
        load: Load | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._models_root = models_root
        self._changed = threading.Condition()
        self._scheduler = BatchScheduler(config.max_step_latent_px, config.max_queued, clock)
        self._generations: dict[str, Generation] = {}
        self._counters = Counters()
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="model-loader")
        self._models = ModelCache(
            config.models,
            load or self._load_diffusers,
            lambda entry: sources.weight_bytes(entry, models_root, config.device),
            config.model_memory_bytes,
            self._loader,
            self._wake,
        )
        self._grids_px = {
            entry.id: sources.grid_px(entry.source, models_root) for entry in config.models
        }
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._woken = False
        self._died_of: BaseException | None = None

    def start(self) -> None:
        for entry in self._config.models:
            if entry.load_at_start:
                runner = self._models.load_now(entry.id)
                if self._config.warm:
                    runner.warm()
        self._thread = threading.Thread(target=self._loop, name="diffusion-engine", daemon=True)
        self._thread.start()

    def submit(self, request: GenerationRequest, listener: GenerationListener) -> None:
        entry = self._entry_for(request)
        now = self._clock()
        key, cost_px = sizes.plan(request, entry.id, self._grids_px[entry.id])
        deadline_at = None if request.deadline_s is None else now + request.deadline_s
        ticket = Ticket(request.image_id, key, cost_px, deadline_at)
        with self._changed:
            if self._stopping or self._died_of is not None:
                raise ReplicaLost("The diffusion engine has stopped")
            if request.image_id in self._generations:
                raise InvalidParameters.of(
                    "image_id", request.image_id, "unique", "is being generated already"
                )
            self._scheduler.add(ticket, self._retry_after_s())
            self._generations[request.image_id] = Generation(request, listener, entry, now)
        self._wake()

    def cancel(self, image_id: str) -> None:
        with self._changed:
            self._scheduler.cancel(image_id)
        self._wake()

    def check_health(self) -> None:
        if self._died_of is not None:
            raise GenerationFailed(f"Engine thread died of {type(self._died_of).__name__}")
        if self._thread is not None and not self._stopping and not self._thread.is_alive():
            raise GenerationFailed("Engine thread is gone")

    def stats(self) -> Stats:
        counted = self._counters
        with self._changed:
            return Stats(
                queued=self._scheduler.queued,
                running=self._scheduler.running,
                steps_total=counted.steps_total,
                rows_total=counted.rows_total,
                step_s_total=counted.step_s_total,
                images_total=counted.images_total,
                canceled_total=counted.canceled_total,
                failed_total=counted.failed_total,
                model_loads_total=self._models.loads_total,
                decoding=self._scheduler.decoding,
                models_loaded=self._models.loaded,
                model_bytes=self._models.used_bytes,
            )

    def shutdown(self, timeout_s: float = 30.0) -> None:
        self._stopping = True
        self._wake()
        if self._thread is not None:
            self._thread.join(timeout_s)
        self._fail_all(Canceled("The service is shutting down"))
        self._loader.shutdown(wait=False, cancel_futures=True)
        if self._thread is None or not self._thread.is_alive():
            self._models.close()

    def step(self) -> bool:
        """One turn: end what was cancelled or is late, choose, run, decode at most one image.
        Returns whether there was anything to do. Blocks on the model."""
        residencies = self._residencies()
        unloadable = self._models.take_failures()
        with self._changed:
            gone = self._scheduler.reap()
            behind = self._scheduler.decoding >= self._config.max_decoding
            batch = None if behind else self._scheduler.next_batch(residencies)
        for image_id, why in gone:
            self._end_early(image_id, why)
        for model_id, error in unloadable.items():
            self._fail_model(model_id, error)
        if batch is not None:
            self._run(batch)
        decoded = self._decode_next()
        return bool(gone or unloadable or batch or decoded)

    def _residencies(self) -> Callable[[str], Residency]:
        """Begin to load what is waited for; outside the lock, since it reads and frees memory."""
        with self._changed:
            self._woken = False
            model_ids = self._scheduler.model_ids()
        found = {model_id: self._models.residency(model_id) for model_id in model_ids}
        return lambda model_id: found.get(model_id, Residency.LOADING)

    def _run(self, batch: Batch) -> None:
        """Start whoever is new, take one step for all, tell them; failures end their request."""
        began_at = self._clock()
        runner = self._models.runner(batch.key.model_id)
        generations = [self._generations[image_id] for image_id in batch.image_ids]
        self._start([each for each in generations if each.denoising is None], runner)
        generations = [each for each in generations if each.denoising is not None]
        failed = self._advance(generations, runner)
        self._counters.steps_total += 1
        self._counters.rows_total += sum(
            each.denoising.rows for each in generations if each.denoising
        )
        self._counters.step_s_total += self._clock() - began_at
        for generation, error in failed:
            self._fail(generation, error)
        unfortunate = {id(generation) for generation, _ in failed}
        for generation in generations:
            if id(generation) not in unfortunate:
                self._report(generation, runner)

    def _start(self, fresh: Sequence[Generation], runner: Runner) -> None:
        def start(group: Sequence[Generation]) -> None:
            states = runner.start([generation.request for generation in group])
            for generation, state in zip(group, states, strict=True):
                generation.denoising = state
                self._models.lease(generation.entry.id)

        if fresh:
            for generation, error in run_isolated(start, fresh):
                self._fail(generation, error)

    def _advance(
        self, generations: Sequence[Generation], runner: Runner
    ) -> list[tuple[Generation, Exception]]:
        own_failures: list[tuple[Generation, Exception]] = []

        def advance(group: Sequence[Generation]) -> None:
            errors = runner.step([each.denoising for each in group if each.denoising is not None])
            own_failures.extend(
                (each, error) for each, error in zip(group, errors, strict=True) if error
            )

        if not generations:
            return []
        return run_isolated(advance, generations, self._did_not_fit) + own_failures

    def _did_not_fit(self, group: Sequence[Generation]) -> None:
        cost_px = sum(
            sizes.plan(each.request, each.entry.id, self._grids_px[each.entry.id])[1]
            for each in group
        )
        with self._changed:
            self._scheduler.shrink_budget(cost_px)

    def _report(self, generation: Generation, runner: Runner) -> None:
        jpeg = None
        now = self._clock()
        if generation.denoising and generation.wants_preview(now, self._config.preview_interval_s):
            generation.previewed_at = now
            try:
                jpeg = runner.preview(generation.denoising, self._config.preview_max_side_px)
            except Exception:
                logger.exception("no preview of %s", generation.request.image_id)
        generation.report(jpeg)
        if generation.is_denoised:
            with self._changed:
                self._scheduler.finish_steps(generation.request.image_id)

    def _decode_next(self) -> bool:
        image_id = self._scheduler.next_decode()
        if image_id is None:
            return False
        generation = self._generations[image_id]
        runner = self._models.runner(generation.entry.id)
        try:
            assert generation.denoising is not None
            decoded = runner.decode(generation.denoising)
        except Exception as error:  # noqa: BLE001 - a decode failure ends this request only
            self._fail(generation, error)
            return True
        image = self._image(generation, runner, decoded)
        if self._forget(image_id):
            self._counters.images_total += 1
            generation.tell_finished(image)
        return True

    def _image(
        self, generation: Generation, runner: Runner, decoded: DecodedImage
    ) -> GeneratedImage:
        info, entry, request = runner.info, generation.entry, generation.request
        notes = (*info.notes, *decoded.notes)
        if request.model_id in entry.stand_in_for:
            notes = (f"{entry.id} stood in for {request.model_id}", *notes)
        return GeneratedImage(
            pixels=decoded.pixels,
            served_model=entry.id,
            revision=info.revision,
            noise_scheduler=info.noise_scheduler,
            safety=decoded.safety,
            notes=notes,
            engine_s=self._clock() - generation.admitted_at,
        )

    def _end_early(self, image_id: str, why: str) -> None:
        generation = self._generations[image_id]
        if why == "late":
            self._fail(generation, DeadlineExceeded(generation.request.deadline_s or 0.0))
        else:
            self._fail(generation, Canceled("Generation was cancelled"))

    def _fail_model(self, model_id: str, error: InferloopError) -> None:
        for generation in tuple(self._generations.values()):
            if generation.entry.id == model_id:
                self._fail(generation, error)

    def _fail(self, generation: Generation, error: Exception) -> None:
        domain_error = as_domain_error(error)
        if not self._forget(generation.request.image_id):
            return
        if isinstance(domain_error, Canceled):
            self._counters.canceled_total += 1
        else:
            self._counters.failed_total += 1
        generation.tell_failed(domain_error)

    def _forget(self, image_id: str) -> bool:
        """The one end of a request; False where it has ended already."""
        with self._changed:
            generation = self._generations.pop(image_id, None)
            self._scheduler.remove(image_id)
            if generation is None:
                return False
            state, generation.denoising = generation.denoising, None
        if state is not None:
            self._models.runner(generation.entry.id).abandon(state)
            self._models.release(generation.entry.id)
        return True

    def _fail_all(self, error: InferloopError) -> None:
        for generation in tuple(self._generations.values()):
            self._fail(generation, error)

    def _loop(self) -> None:
        try:
            while not self._stopping:
                if not self.step():
                    self._wait()
            self._fail_all(Canceled("The service is shutting down"))
        except BaseException as error:
            self._died_of = error
            logger.exception("the engine thread died")
            self._fail_all(ReplicaLost("The diffusion engine died"))

    def _wait(self) -> None:
        """Until something is submitted, cancelled or loaded; deadlines are looked at every 50 ms."""
        with self._changed:
            if not self._woken:
                self._changed.wait(0.05 if self._generations else 5.0)

    def _wake(self) -> None:
        """Have the engine's thread look again, even if it is only about to wait."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def _entry_for(self, request: GenerationRequest) -> ModelEntry:
        entry = self._config.find(request.model_id)
        if entry is None:
            raise NotFound("model", request.model_id)
        if request.lora is not None and entry.lora(request.lora) is None:
            raise NotFound("adapter", request.lora)
        return entry

    def _retry_after_s(self) -> float:
        """Seconds until a queue's worth of images is likely done, from the mean so far."""
        counted = self._counters
        per_image_s = counted.step_s_total / counted.images_total if counted.images_total else 1.0
        return min(60.0, max(1.0, round(per_image_s * self._scheduler.queued, 1)))

    def _load_diffusers(self, entry: ModelEntry) -> Runner:
        # Here, so that the engine over a fake runner loads no torch.
        from engines.diffusion.loading import load_runner

        return load_runner(entry, self._config, self._models_root)
