"""The engine's counters as Prometheus metrics, through Ray's exporter."""

from __future__ import annotations

from typing import Any

from ray.util import metrics

from engines.protocols import DiffusionEngine

GAUGES = {
    "queued": "Requests that wait for their first step.",
    "running": "Requests between their first and last step.",
}
COUNTERS = {
    "steps_total": "Denoiser forwards.",
    "rows_total": "Rows over all denoiser forwards.",
    "step_s_total": "Seconds spent in denoiser forwards.",
    "images_total": "Images finished.",
    "canceled_total": "Requests cancelled.",
    "failed_total": "Requests failed.",
    "model_loads_total": "Models loaded.",
}


class EngineMetrics:
    """Publishes differences since the last call, so that a counter stays a counter."""

    def __init__(self, engine: DiffusionEngine, pool: str) -> None:
        self._engine = engine
        self._tags = {"pool": pool}
        self._last: dict[str, float] = dict.fromkeys(COUNTERS, 0.0)
        self._gauges: dict[str, Any] = {
            name: metrics.Gauge(f"inferloop_engine_{name}", text, ("pool",))
            for name, text in GAUGES.items()
        }
        self._counters: dict[str, Any] = {
            name: metrics.Counter(f"inferloop_engine_{name}", text, ("pool",))
            for name, text in COUNTERS.items()
        }

    def publish(self) -> None:
        stats = self._engine.stats()
        for name, gauge in self._gauges.items():
            gauge.set(float(getattr(stats, name)), tags=self._tags)
        for name, counter in self._counters.items():
            now = float(getattr(stats, name))
            if now > self._last[name]:
                counter.inc(now - self._last[name], tags=self._tags)
                self._last[name] = now
