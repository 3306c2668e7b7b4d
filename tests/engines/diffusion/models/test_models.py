"""Models come and go under a budget, and their weights really go."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from engines.diffusion.config import ModelEntry, TinySource
from engines.diffusion.contract import AnyRunner, RunnerInfo
from engines.diffusion.engine import StepEngine
from engines.diffusion.models.cache import ModelCache
from engines.diffusion.models.loading import load_runner
from engines.diffusion.sampling.runner import ModelRunner
from engines.diffusion.scheduling.scheduler import Residency
from engines.diffusion.sizes import SizeRule
from engines.errors import GenerationFailed, InferloopError
from engines.testing.diffusion import FakeRunner
from tests.engines.diffusion.rig import (
    FakeClock,
    InlineExecutor,
    RecordingListener,
    drive,
    engine_config,
    request,
    tiny_entry,
)


class Weighing(FakeRunner):
    """A model of so many bytes that knows whether it was closed."""

    def __init__(self, memory_bytes: int) -> None:
        super().__init__()
        self.memory_bytes = memory_bytes
        self.closed = False

    @property
    def info(self) -> RunnerInfo:
        return RunnerInfo("Fake", None, self.memory_bytes, SizeRule(8))

    def close(self) -> None:
        self.closed = True


def entries(*names: str) -> tuple[ModelEntry, ...]:
    return tuple(tiny_entry(id=name, source=TinySource()) for name in names)


def cache_of(budget_bytes: int = 100, **sizes: int) -> tuple[ModelCache, dict[str, Weighing]]:
    runners: dict[str, Weighing] = {}

    def load(entry: ModelEntry) -> AnyRunner:
        runners[entry.id] = Weighing(sizes[entry.id])
        return runners[entry.id]

    cache = ModelCache(
        entries(*sizes), load, lambda entry: sizes[entry.id], budget_bytes, InlineExecutor()
    )
    return cache, runners


def get(cache: ModelCache, model_id: str) -> AnyRunner:
    return cache.load_now(model_id)


class TestCache:
    def test_loads_once(self) -> None:
        cache, _ = cache_of(a=40)
        assert get(cache, "a") is get(cache, "a")
        assert (cache.loads_total, cache.used_bytes) == (1, 40)

    def test_the_least_recently_used_goes_first(self) -> None:
        cache, runners = cache_of(a=40, b=40, c=40)
        for model_id in "abac":
            get(cache, model_id)
        assert cache.loaded == ("a", "c")
        assert runners["b"].closed
        assert not runners["a"].closed

    def test_no_more_goes_than_must(self) -> None:
        cache, _ = cache_of(a=30, b=30, c=30, d=40)
        for model_id in "abcd":
            get(cache, model_id)
        assert cache.loaded == ("b", "c", "d")

    def test_a_model_in_use_stays(self) -> None:
        cache, runners = cache_of(a=60, b=60)
        get(cache, "a")
        cache.lease("a")
        assert cache.residencies(["b"])["b"] is Residency.NO_ROOM
        assert not runners["a"].closed
        cache.release("a")
        get(cache, "b")
        assert runners["a"].closed

    def test_idle_models_stay_where_their_room_would_not_be_enough(self) -> None:
        cache, runners = cache_of(a=60, b=30, c=90)
        for model_id in "ab":
            get(cache, model_id)
        cache.lease("a")
        assert cache.residencies(["c"])["c"] is Residency.NO_ROOM
        assert not runners["b"].closed

    def test_what_never_fits_is_refused_in_words(self) -> None:
        cache, _ = cache_of(a=101)
        with pytest.raises(GenerationFailed, match="needs 101 bytes, the budget is 100"):
            get(cache, "a")

    def test_a_failure_is_told_once_and_the_next_request_tries_again(self) -> None:
        tries: list[str] = []

        def load(entry: ModelEntry) -> AnyRunner:
            tries.append(entry.id)
            if len(tries) == 1:
                raise OSError("disk is away")
            return Weighing(1)

        cache = ModelCache(entries("a"), load, lambda entry: 1, 100, InlineExecutor())
        cache.residencies(["a"])
        cache.residencies(["a"])
        failures = cache.take_failures()
        assert type(failures["a"]) is GenerationFailed
        assert cache.take_failures() == {}
        get(cache, "a")
        assert tries == ["a", "a"]

    def test_what_was_loaded_for_somebody_is_used_before_it_goes(self) -> None:
        cache, runners = cache_of(a=60, b=60)
        first = cache.residencies(["a", "b"])
        assert first == {"a": Residency.LOADING, "b": Residency.NO_ROOM}
        assert cache.residencies(["a", "b"])["a"] is Residency.READY
        assert cache.residencies(["b", "a"])["b"] is Residency.NO_ROOM
        cache.runner("a")
        assert cache.residencies(["b", "a"]) == {
            "a": Residency.NO_ROOM,
            "b": Residency.LOADING,
        }
        assert runners["a"].closed

    def test_what_nobody_waits_for_any_more_may_go_unused(self) -> None:
        cache, _ = cache_of(a=60, b=60)
        for _ in range(2):
            cache.residencies(["a"])
        assert cache.residencies(["b"])["b"] is Residency.LOADING

    def test_close_puts_everything_out(self) -> None:
        cache, runners = cache_of(a=10, b=10)
        for model_id in "ab":
            get(cache, model_id)
        cache.lease("a")
        cache.close()
        assert all(runner.closed for runner in runners.values())

    def test_a_model_that_comes_after_the_close_is_let_go(self) -> None:
        runner = Weighing(1)
        with ThreadPoolExecutor(1) as executor:
            cache = ModelCache(entries("a"), lambda entry: runner, lambda entry: 1, 100, executor)
            cache.residencies(["a"])
            cache.close()
        assert runner.closed


@pytest.mark.slow
def test_weights_are_freed_and_memory_is_flat_after_many_swaps() -> None:
    """Two real models, room for one: each request swaps. No old UNet survives."""
    unets: list[weakref.ref[Any]] = []
    config = engine_config(
        tiny_entry(id="one", source=TinySource(seed=1), memory_bytes=2_000_000),
        tiny_entry(id="two", source=TinySource(seed=2), memory_bytes=2_000_000),
        model_memory_bytes=3_000_000,
    )

    def load(entry: ModelEntry) -> AnyRunner:
        runner = load_runner(entry, config, Path())
        assert isinstance(runner, ModelRunner)
        unets.append(weakref.ref(runner.family.pipe.unet))
        return runner

    engine = StepEngine(config, FakeClock(), load=load)

    def swap(count: int) -> int:
        for index in range(count):
            listener = RecordingListener()
            engine.submit(request(model_id=("one", "two")[index % 2]), listener)
            drive(engine, [listener])
            assert listener.image is not None
        gc.collect()
        return int(psutil.Process().memory_info().rss)

    warm_bytes = swap(4)
    after_bytes = swap(8)
    assert engine.stats().model_loads_total == 12
    assert engine.stats().models_loaded == ("two",)
    assert [ref() is not None for ref in unets] == [False] * 11 + [True]
    assert after_bytes - warm_bytes < 8 * 1_000_000, "weights are 1.2 MB, eight were loaded"
    engine.shutdown()
    gc.collect()
    assert unets[-1]() is None


def test_two_models_that_do_not_fit_together_both_get_served() -> None:
    config = engine_config(*entries("a", "b"), model_memory_bytes=100)
    engine = StepEngine(
        config.model_copy(
            update={
                "models": tuple(
                    entry.model_copy(update={"memory_bytes": 60}) for entry in config.models
                )
            }
        ),
        FakeClock(),
        load=lambda entry: Weighing(60),
    )
    listeners = [RecordingListener() for _ in range(20)]
    for index, listener in enumerate(listeners):
        engine.submit(request(str(index), model_id="ab"[index % 2]), listener)
    drive(engine, listeners)
    assert all(listener.image is not None for listener in listeners)
    assert engine.stats().model_loads_total <= 4, "one swap serves all that wait"
    engine.shutdown()


def test_a_model_that_cannot_be_loaded_fails_its_own_requests_only() -> None:
    def load(entry: ModelEntry) -> AnyRunner:
        if entry.id == "bad":
            raise OSError("no such file: /srv/secret")
        return Weighing(1)

    engine = StepEngine(engine_config(*entries("bad", "good")), FakeClock(), load=load)
    bad, good = RecordingListener(), RecordingListener()
    engine.submit(request("bad", model_id="bad"), bad)
    engine.submit(request("good", model_id="good"), good)
    drive(engine, [bad, good])
    assert isinstance(bad.error, InferloopError)
    assert "secret" not in bad.error.message
    assert good.image is not None
    engine.shutdown()


def test_start_raises_where_a_model_of_the_start_cannot_be_loaded(tmp_path: Path) -> None:
    from engines.diffusion.config import FolderSource
    from engines.errors import NotFound

    entry = tiny_entry(source=FolderSource(path="absent"), load_at_start=True)
    engine = StepEngine(engine_config(entry), models_root=tmp_path)
    with pytest.raises(NotFound, match="absent"):
        engine.start()
    engine.shutdown()
