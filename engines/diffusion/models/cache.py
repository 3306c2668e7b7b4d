"""The models in memory: loaded on other threads, unloaded least recently used first."""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from engines.diffusion.config import ModelEntry
from engines.diffusion.contract import AnyRunner
from engines.diffusion.isolation import as_domain_error
from engines.diffusion.scheduling.scheduler import Residency
from engines.errors import GenerationFailed, InferloopError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Loading:
    future: Future[AnyRunner]
    need_bytes: int


class ModelCache:
    """Loaded models, within a memory budget.

    Methods are called by the engine's thread only; `load` runs on the executor, and any thread may
    read the properties. A model with a lease (a running request) is never unloaded. `need_bytes`
    estimates a model's size before loading; after loading, the runner's `memory_bytes` is used.
    `on_loaded` is called whenever a load has ended.
    """

    def __init__(
        self,
        entries: tuple[ModelEntry, ...],
        load: Callable[[ModelEntry], AnyRunner],
        need_bytes: Callable[[ModelEntry], int],
        budget_bytes: int,
        executor: Executor,
        on_loaded: Callable[[], None] = lambda: None,
    ) -> None:
        self._entries = {entry.id: entry for entry in entries}
        self._load = load
        self._need_bytes = need_bytes
        self._budget_bytes = budget_bytes
        self._executor = executor
        self._on_loaded = on_loaded
        self._ready: OrderedDict[str, AnyRunner] = OrderedDict()
        self._loading: dict[str, _Loading] = {}
        self._failures: dict[str, InferloopError] = {}
        self._leases: Counter[str] = Counter()
        self._unused: set[str] = set()
        self._waited_for: frozenset[str] = frozenset()
        self._loads_total = 0

    @property
    def loads_total(self) -> int:
        """Number of model loads since the start; a model that is loaded again counts again."""
        return self._loads_total

    @property
    def used_bytes(self) -> int:
        """Bytes of the loaded models, plus the estimates for those that are being loaded."""
        ready = sum(runner.info.memory_bytes for runner in tuple(self._ready.values()))
        return ready + sum(loading.need_bytes for loading in tuple(self._loading.values()))

    @property
    def loaded(self) -> tuple[str, ...]:
        """Ids of the loaded models, least recently used first."""
        return tuple(self._ready)

    @property
    def loaded_bytes(self) -> dict[str, int]:
        """Id of each loaded model to the bytes of its weights and buffers."""
        return {name: runner.info.memory_bytes for name, runner in tuple(self._ready.items())}

    def residencies(self, model_ids: Sequence[str]) -> dict[str, Residency]:
        """The state of each model that requests need, given in order of priority.

        Begins to load absent models if there is room; does not wait for them. A newly loaded model
        is not unloaded before its first use while requests need it.
        """
        self._waited_for = frozenset(model_ids)
        for model_id in tuple(self._loading):
            self._collect(model_id)
        for model_id in model_ids:
            if not self._is_here(model_id) and model_id not in self._failures:
                self._begin(self._entries[model_id])
        return {model_id: self._residency(model_id) for model_id in model_ids}

    def runner(self, model_id: str) -> AnyRunner:
        """The model, which must be READY, and mark it as most recently used."""
        self._unused.discard(model_id)
        self._ready.move_to_end(model_id)
        return self._ready[model_id]

    def lease(self, model_id: str) -> None:
        """Note that a request uses the model; each call needs one `release`."""
        self._leases[model_id] += 1

    def release(self, model_id: str) -> None:
        """Note that a request that held a lease has ended."""
        self._leases[model_id] -= 1

    def take_failures(self) -> dict[str, InferloopError]:
        """Model id to error, for loads that failed since the last call. The next `residencies`
        tries again."""
        failures, self._failures = self._failures, {}
        return failures

    def load_now(self, model_id: str) -> AnyRunner:
        """Load the model and wait for it. Raises an `InferloopError` if that fails."""
        while (state := self.residencies([model_id])[model_id]) is Residency.LOADING:
            if failure := self.take_failures().get(model_id):
                raise failure
            self._loading[model_id].future.exception()
        if state is Residency.NO_ROOM:
            raise GenerationFailed(f"No room in memory for model {model_id}")
        return self.runner(model_id)

    def close(self) -> None:
        """Unload all models, even those in use; models that are loading are unloaded afterwards."""
        for loading in self._loading.values():
            loading.future.add_done_callback(_close_late)
        self._loading.clear()
        for model_id in tuple(self._ready):
            self._put_out(model_id)

    def _is_here(self, model_id: str) -> bool:
        return model_id in self._ready or model_id in self._loading

    def _residency(self, model_id: str) -> Residency:
        if model_id in self._ready:
            return Residency.READY
        if model_id in self._loading or model_id in self._failures:
            return Residency.LOADING
        return Residency.NO_ROOM

    def _idle(self) -> list[str]:
        """Models that may be unloaded, least recently used first."""
        awaited = self._unused & self._waited_for
        return [each for each in self._ready if not self._leases[each] and each not in awaited]

    def _begin(self, entry: ModelEntry) -> None:
        """Begin to load the model on the executor, unless there is no room for it yet."""
        try:
            need_bytes = entry.memory_bytes or self._need_bytes(entry)
            self._check_fits(entry, need_bytes)
        except Exception as error:  # noqa: BLE001 - an unreadable folder fails its requests only
            self._failures[entry.id] = as_domain_error(error)
            return
        if not self._make_room(need_bytes):
            return
        logger.info("loading model %s (about %d bytes)", entry.id, need_bytes)
        future = self._executor.submit(self._load, entry)
        self._loading[entry.id] = _Loading(future, need_bytes)
        future.add_done_callback(lambda _: self._on_loaded())

    def _check_fits(self, entry: ModelEntry, need_bytes: int) -> None:
        if need_bytes > self._budget_bytes:
            raise GenerationFailed(
                f"Model {entry.id} needs {need_bytes} bytes, the budget is {self._budget_bytes}"
            )

    def _make_room(self, need_bytes: int) -> bool:
        """Unload idle models until `need_bytes` are free; none if that cannot be reached."""
        idle = self._idle()
        freed = sum(self._ready[model_id].info.memory_bytes for model_id in idle)
        if self.used_bytes - freed + need_bytes > self._budget_bytes:
            return False
        while self.used_bytes + need_bytes > self._budget_bytes:
            self._put_out(idle.pop(0))
        return True

    def _put_out(self, model_id: str) -> None:
        logger.info("unloading model %s", model_id)
        self._unused.discard(model_id)
        self._ready.pop(model_id).close()

    def _collect(self, model_id: str) -> None:
        if not self._loading[model_id].future.done():
            return
        future = self._loading.pop(model_id).future
        try:
            runner = future.result()
            self._check_fits(self._entries[model_id], runner.info.memory_bytes)
        except Exception as error:  # noqa: BLE001 - whatever loading raises fails its requests only
            self._failures[model_id] = as_domain_error(error)
            return
        # The estimate may have been too low. Models in use stay, so the budget may be exceeded
        # until their requests end.
        idle = self._idle()
        while idle and self.used_bytes + runner.info.memory_bytes > self._budget_bytes:
            self._put_out(idle.pop(0))
        self._ready[model_id] = runner
        self._unused.add(model_id)
        self._loads_total += 1


def _close_late(future: Future[AnyRunner]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().close()
