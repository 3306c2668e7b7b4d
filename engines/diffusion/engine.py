"""The step engine: one thread that runs batched denoising steps, one after the other."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from engines.diffusion.counters import Counters, Stats
from engines.diffusion.models import sources
from engines.diffusion.models.cache import ModelCache
from engines.diffusion.models.loader_threads import LoaderThreads, collecting_later
from engines.diffusion.scheduling import knee
from engines.diffusion.scheduling.roster import Roster
from engines.diffusion.stepping import Stepping
from engines.errors import Canceled, GenerationFailed, InferloopError, ReplicaLost

if TYPE_CHECKING:
    from engines.diffusion.config import EngineConfig, ModelEntry
    from engines.diffusion.contract import AnyRunner
    from engines.protocols import Clock, GenerationListener
    from engines.types import GenerationRequest

logger = logging.getLogger(__name__)
Load = Callable[["ModelEntry"], "AnyRunner"]


class StepEngine:
    """Implements `engines.protocols.DiffusionEngine`.

    Any thread may call `submit`, `cancel`, `stats` and `check_health`, which never wait for the
    model. `step` is called by the engine's thread, or, if `start` is not called, by the caller.
    Relative folders in the config are relative to `models_root`; `load` replaces the loading of
    models, for tests. Steps are measured once there was no request for `idle_s` seconds.
    """

    def __init__(
        self,
        config: EngineConfig,
        clock: Clock = time.monotonic,
        models_root: Path = Path(),
        load: Load | None = None,
        idle_s: float = 5.0,
    ) -> None:
        self._config = config
        self._clock = clock
        self._models_root = models_root
        self._idle_s = idle_s
        self._counters = Counters()
        rules = sources.size_rules(config, models_root)
        self._roster = Roster(config, rules, self._counters, clock)
        self._loader = LoaderThreads()
        self._models = ModelCache(
            config.models,
            load or self._load_diffusers,
            lambda entry: sources.weight_bytes(entry, models_root, config.device),
            config.model_memory_bytes,
            self._loader,
            self._roster.wake,
        )
        self._stepping = Stepping(config, self._roster, self._models, self._counters, clock)
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._died_of: BaseException | None = None
        self._calibrations: deque[Iterator[None]] = deque()
        """Go on only while there is nothing else to do, so that no request waits for more than one
        measurement, and that of somebody who asks for one image after the other for none."""

    def step(self) -> bool:
        """One turn: choose requests, run one denoising step, finish. Blocks on the model.

        Returns whether there was anything to do.
        """
        turn = self._roster.next_turn(self._models)
        stepped = self._stepping.run(turn)
        decoded = self._stepping.finish(stepped)
        return turn.has_work or decoded

    def start(self) -> None:
        ready: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._live, args=(ready,), name="diffusion-engine", daemon=True
        )
        self._thread.start()
        ready.result()

    def submit(self, request: GenerationRequest, listener: GenerationListener) -> None:
        self._roster.admit(request, listener)

    def cancel(self, place: str) -> None:
        self._roster.cancel(place)

    def check_health(self) -> None:
        if self._died_of is not None:
            raise GenerationFailed(f"Engine thread died of {type(self._died_of).__name__}")
        if self._thread is not None and not self._stopping and not self._thread.is_alive():
            raise GenerationFailed("Engine thread is gone")

    def stats(self) -> Stats:
        queued, running, decoding = self._roster.gauges
        return Stats(
            queued=queued,
            running=running,
            decoding=decoding,
            model_loads_total=self._models.loads_total,
            models_loaded=self._models.loaded,
            model_bytes=self._models.used_bytes,
            loaded_bytes=self._models.loaded_bytes,
            step_budgets_px=self._roster.step_budgets_px,
            **asdict(self._counters),
        )

    def shutdown(self, timeout_s: float = 30.0) -> None:
        self._stopping = True
        self._roster.close()
        if self._thread is not None:
            self._thread.join(timeout_s)
        self._fail_everyone(Canceled("The service is shutting down"))
        self._loader.shutdown(wait=False, cancel_futures=True)
        if self._thread is None or not self._thread.is_alive():
            self._models.close()

    def _live(self, ready: Future[None]) -> None:
        # Warm up on this thread, because it is the one that runs the model later.
        try:
            for entry in self._config.models:
                if entry.load_at_start:
                    runner = self._models.load_now(entry.id)
                    if self._config.warm:
                        runner.warm()
                        self._calibrations.append(self._calibrate(entry, runner))
        except BaseException as error:  # noqa: BLE001 - raised by `start`
            ready.set_exception(error)
            return
        ready.set_result(None)
        self._loop()

    def _calibrate(self, entry: ModelEntry, runner: AnyRunner) -> Iterator[None]:
        """Measure how many rows a step of the model should hold at most. Yields after each
        measurement."""
        config, side_px = self._config, entry.native_size_px
        height, width = runner.info.sizes.latent(side_px, side_px)
        most_rows = config.max_step_latent_px // (height * width)
        times: dict[int, float] = {}
        for measured in knee.measuring(
            lambda rows: runner.step_s(rows, side_px),
            most_rows if config.calibration_s else 0,
            config.calibration_s,
            self._clock,
        ):
            times = measured
            yield
        rows = knee.bend(times)
        if rows is not None:
            self._roster.fit(entry.id, rows, side_px)
        logger.info(
            "model %s: seconds of a step by rows %s; a step holds %s rows at most",
            entry.id,
            {each: round(seconds, 4) for each, seconds in times.items()},
            rows or most_rows,
        )

    def _measure(self) -> bool:
        """Make the next measurement. Returns False if there is none left."""
        if not self._calibrations:
            return False
        try:
            next(self._calibrations[0])
        except StopIteration:
            self._calibrations.popleft()
        except Exception:
            logger.exception("steps are not measured; they may hold what the config says")
            self._calibrations.popleft()
        return True

    def _loop(self) -> None:
        try:
            is_busy = True
            while not self._stopping:
                if self.step():
                    is_busy = True
                elif is_busy or not self._measure():
                    is_busy = self._roster.wait(self._idle_s)
        except BaseException as error:
            self._died_of = error
            logger.exception("the engine thread died")
            self._roster.close()
            self._fail_everyone(ReplicaLost("The diffusion engine died"))

    def _fail_everyone(self, error: InferloopError) -> None:
        for generation in self._roster.everyone():
            self._stepping.fail(generation, error)

    def _load_diffusers(self, entry: ModelEntry) -> AnyRunner:
        # Imported here, so that an engine with another `load` does not import torch.
        with collecting_later():
            from engines.diffusion.models.loading import load_runner

        return load_runner(entry, self._config, self._models_root)
