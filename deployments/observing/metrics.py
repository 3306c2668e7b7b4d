"""Prometheus metrics, which Ray's exporter publishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from ray.util import metrics as ray_metrics

from engines.jobs.model import Priority
from engines.jobs.store import Ending
from engines.protocols import DiffusionEngine
from engines.types import GeneratedImage
from serve_app.durable.counters import Outcome

GAUGES = {
    "queued": "Requests that wait for their first step.",
    "running": "Requests between their first and last step.",
}
COUNTERS = {
    "steps_total": "Forward passes of the denoiser.",
    "rows_total": "Batch rows of all forward passes of the denoiser.",
    "step_s_total": "Seconds spent in forward passes of the denoiser.",
    "images_total": "Images finished.",
    "canceled_total": "Requests canceled.",
    "failed_total": "Requests failed.",
    "model_loads_total": "Models loaded.",
}
STEP_BUDGET = "inferloop_engine_step_budget_px"
WRONG_KEYS = "inferloop_wrong_keys_total"
KEY_RELOADS = "inferloop_key_reloads_total"
LATENCY = "inferloop_engine_image_s"
LATENCY_BOUNDS_S = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]


JOBS_QUEUED = "inferloop_jobs_queued"
JOBS_RUNNING = "inferloop_jobs_running"
JOBS_WAIT = "inferloop_jobs_wait_s"
JOBS_ENDED = "inferloop_jobs_ended_total"
WEBHOOK_ATTEMPTS = "inferloop_webhook_attempts_total"
WAIT_BOUNDS_S = [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0]


class Instruments(Protocol):
    """The metric classes of `ray.util.metrics`. Each metric is created once, by its name."""

    def Gauge(self, name: str, description: str, tag_keys: tuple[str, ...]) -> Any:  # noqa: N802
        """A value that goes up and down."""

    def Counter(self, name: str, description: str, tag_keys: tuple[str, ...]) -> Any:  # noqa: N802
        """A value that only grows."""

    def Histogram(  # noqa: N802
        self, name: str, description: str, boundaries: Sequence[float], tag_keys: tuple[str, ...]
    ) -> Any:
        """Values counted between the boundaries."""


class EngineMetrics:
    """Publishes the engine's statistics. Counters are increased by the difference since the last
    call."""

    def __init__(
        self, engine: DiffusionEngine, pool: str, instruments: Instruments = ray_metrics
    ) -> None:
        self._engine = engine
        self._tags = {"pool": pool}
        self._last: dict[str, float] = dict.fromkeys(COUNTERS, 0.0)
        self._gauges: dict[str, Any] = {
            name: instruments.Gauge(f"inferloop_engine_{name}", text, ("pool",))
            for name, text in GAUGES.items()
        }
        self._counters: dict[str, Any] = {
            name: instruments.Counter(f"inferloop_engine_{name}", text, ("pool",))
            for name, text in COUNTERS.items()
        }
        self._budget: Any = instruments.Gauge(
            STEP_BUDGET, "Most latent pixels in one step of the model.", ("pool", "model")
        )
        self._latency = instruments.Histogram(
            LATENCY, "Seconds from admission to the image.", LATENCY_BOUNDS_S, ("pool", "model")
        )

    def publish(self) -> None:
        """Copy the engine's current statistics to Ray's metrics."""
        stats = self._engine.stats()
        for name, gauge in self._gauges.items():
            gauge.set(float(getattr(stats, name)), tags=self._tags)
        for model, budget_px in stats.step_budgets_px.items():
            self._budget.set(float(budget_px), tags={**self._tags, "model": model})
        for name, counter in self._counters.items():
            now = float(getattr(stats, name))
            if now > self._last[name]:
                counter.inc(now - self._last[name], tags=self._tags)
                self._last[name] = now

    def image_made(self, image: GeneratedImage) -> None:
        """Record the image's time in the engine, under its model."""
        self._latency.observe(image.engine_s, tags={**self._tags, "model": image.served_model})


class JobMetrics:
    """`JobCounters` as Prometheus metrics, through Ray's exporter."""

    def __init__(self, instruments: Instruments = ray_metrics) -> None:
        self._queued: Any = instruments.Gauge(
            JOBS_QUEUED, "Waiting jobs in the whole store; each ingress reports it.", ("priority",)
        )
        self._running: Any = instruments.Gauge(
            JOBS_RUNNING, "Running jobs of this ingress replica.", ()
        )
        self._wait: Any = instruments.Histogram(
            JOBS_WAIT, "Seconds from acceptance to the first start.", WAIT_BOUNDS_S, ("priority",)
        )
        self._ended: Any = instruments.Counter(JOBS_ENDED, "Jobs ended.", ("kind", "state"))
        self._attempts: Any = instruments.Counter(
            WEBHOOK_ATTEMPTS, "Attempts to deliver an event.", ("outcome",)
        )

    def queued(self, counts: Mapping[Priority, int]) -> None:
        for priority, count in counts.items():
            self._queued.set(float(count), tags={"priority": priority})

    def running(self, count: int) -> None:
        self._running.set(float(count), tags={})

    def started(self, priority: Priority, waited_s: float) -> None:
        self._wait.observe(waited_s, tags={"priority": priority})

    def ended(self, kind: str, state: Ending) -> None:
        self._ended.inc(1.0, tags={"kind": kind, "state": state})

    def told(self, outcome: Outcome) -> None:
        self._attempts.inc(1.0, tags={"outcome": outcome})


class AccessMetrics:
    """`AccessCounters` as Prometheus counters, through Ray's exporter."""

    def __init__(self, instruments: Instruments = ray_metrics) -> None:
        self._wrong_keys: Any = instruments.Counter(
            WRONG_KEYS, "Requests with an unknown API key.", ("outcome",)
        )
        self._reloads: Any = instruments.Counter(
            KEY_RELOADS, "Changes of the keys file, accepted or refused.", ("outcome",)
        )

    def wrong_key(self, outcome: Literal["refused", "throttled"]) -> None:
        self._wrong_keys.inc(1.0, tags={"outcome": outcome})

    def keys_reloaded(self, outcome: Literal["success", "failure"]) -> None:
        self._reloads.inc(1.0, tags={"outcome": outcome})
