"""Every metric is published, and counters only by what was added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deployments.observing.metrics import (
    COUNTERS,
    GAUGES,
    JOBS_ENDED,
    JOBS_QUEUED,
    JOBS_RUNNING,
    JOBS_WAIT,
    KEY_RELOADS,
    LATENCY,
    STEP_BUDGET,
    WEBHOOK_ATTEMPTS,
    WRONG_KEYS,
    AccessMetrics,
    EngineMetrics,
    JobMetrics,
)
from engines.testing.diffusion import FakeEngine
from engines.types import GeneratedImage
from tests.engines.diffusion.rig import RecordingListener, request
from tests.waiting import wait_for


@dataclass
class Instrument:
    """Remembers what was told to it."""

    name: str
    tag_keys: tuple[str, ...]
    told: list[tuple[float, dict[str, str]]] = field(default_factory=list)

    def tell(self, value: float, tags: dict[str, str]) -> None:
        self.told.append((value, tags))

    set = inc = observe = tell


class Recorded:
    """Stands where `ray.util.metrics` does."""

    def __init__(self) -> None:
        self.by_name: dict[str, Instrument] = {}

    def Gauge(self, name: str, description: str, tag_keys: tuple[str, ...]) -> Any:  # noqa: N802
        assert description
        return self.by_name.setdefault(name, Instrument(name, tag_keys))

    Counter = Gauge

    def Histogram(  # noqa: N802
        self, name: str, description: str, boundaries: Sequence[float], tag_keys: tuple[str, ...]
    ) -> Any:
        assert list(boundaries) == sorted(boundaries)
        return self.Gauge(name, description, tag_keys)

    def total(self, name: str) -> float:
        return sum(value for value, _ in self.by_name[f"inferloop_engine_{name}"].told)


def made(count: int, engine: FakeEngine, first: int = 0) -> None:
    listeners = [RecordingListener() for _ in range(count)]
    for number, listener in enumerate(listeners, start=first):
        engine.submit(request(str(number), model_id="inferloop-fake"), listener)
    wait_for(lambda: all(each.image is not None for each in listeners))


def totals(recorded: Recorded) -> Mapping[str, float]:
    return {name: recorded.total(name) for name in COUNTERS}


def test_counters_grow_by_what_happened_since_the_last_time() -> None:
    engine, recorded = FakeEngine(), Recorded()
    engine.start()
    metrics = EngineMetrics(engine, "pool", recorded)
    made(2, engine)
    metrics.publish()
    assert recorded.total("images_total") == 2
    metrics.publish()
    made(3, engine, first=2)
    metrics.publish()
    stats = engine.stats()
    assert totals(recorded) == {name: float(getattr(stats, name)) for name in COUNTERS}
    assert recorded.total("rows_total") == 5 * 2 * 3, "five guided requests of three steps"
    engine.shutdown()


def test_every_metric_is_told_with_its_pool() -> None:
    engine, recorded = FakeEngine(), Recorded()
    engine.start()
    metrics = EngineMetrics(engine, "pool", recorded)
    made(1, engine)
    metrics.publish()
    names = {f"inferloop_engine_{name}" for name in (*GAUGES, *COUNTERS)}
    assert recorded.by_name.keys() == names | {LATENCY, STEP_BUDGET}
    budget = {"pool": "pool", "model": "inferloop-fake"}
    assert recorded.by_name[STEP_BUDGET].told == [(65_536.0, budget)]
    never = {f"inferloop_engine_{name}" for name in ("canceled_total", "failed_total")}
    for name in names - never:
        assert recorded.by_name[name].told[-1][1] == {"pool": "pool"}, name
    engine.shutdown()


def test_the_latency_stands_under_the_model_that_made_the_image() -> None:
    recorded = Recorded()
    metrics = EngineMetrics(FakeEngine(), "pool", recorded)
    pixels = np.zeros((8, 8, 3), np.uint8)
    metrics.image_made(GeneratedImage(pixels, "mini", None, "DDIMScheduler", {}, (), 1.5))
    assert recorded.by_name[LATENCY].told == [(1.5, {"pool": "pool", "model": "mini"})]


def test_wrong_keys_and_reloads_are_counted_by_outcome() -> None:
    recorded = Recorded()
    metrics = AccessMetrics(recorded)
    metrics.wrong_key("refused")
    metrics.wrong_key("throttled")
    metrics.keys_reloaded("failure")
    told = {name: instrument.told for name, instrument in recorded.by_name.items()}
    assert told == {
        WRONG_KEYS: [(1.0, {"outcome": "refused"}), (1.0, {"outcome": "throttled"})],
        KEY_RELOADS: [(1.0, {"outcome": "failure"})],
    }


def test_what_jobs_count_is_published() -> None:
    recorded = Recorded()
    metrics = JobMetrics(recorded)
    metrics.queued({"low": 3, "normal": 0, "high": 1})
    metrics.running(2)
    metrics.started("low", 1.5)
    metrics.ended("generate", "succeeded")
    metrics.told("again")
    told = {name: each.told for name, each in recorded.by_name.items()}
    assert told == {
        JOBS_QUEUED: [
            (3.0, {"priority": "low"}),
            (0.0, {"priority": "normal"}),
            (1.0, {"priority": "high"}),
        ],
        JOBS_RUNNING: [(2.0, {})],
        JOBS_WAIT: [(1.5, {"priority": "low"})],
        JOBS_ENDED: [(1.0, {"kind": "generate", "state": "succeeded"})],
        WEBHOOK_ATTEMPTS: [(1.0, {"outcome": "again"})],
    }
    for each in recorded.by_name.values():
        assert all(set(tags) == set(each.tag_keys) for _, tags in each.told)
