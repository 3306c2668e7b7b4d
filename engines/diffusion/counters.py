"""Counters and gauges of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Totals since the start of the engine. Changed by the engine's thread only."""

    steps_total: int = 0
    rows_total: int = 0
    step_s_total: float = 0.0
    images_total: int = 0
    canceled_total: int = 0
    failed_total: int = 0


@dataclass(frozen=True, slots=True)
class Stats:
    """The engine's counters and gauges at one moment; see `engines.protocols.EngineStats`."""

    queued: int
    running: int
    steps_total: int
    rows_total: int
    step_s_total: float
    """Seconds spent in denoising steps, including prompt encoding, without decoding."""
    images_total: int
    canceled_total: int
    failed_total: int
    """Failed requests, including those past their deadline."""
    model_loads_total: int
    decoding: int = 0
    """How many of the running requests have finished their steps and wait for the decoder."""
    models_loaded: tuple[str, ...] = ()
    step_budgets_px: Mapping[str, int] = field(default_factory=dict)
    """Model id to the latent pixels that a step may hold now."""
    model_bytes: int = 0
    """Bytes of all loaded models, plus the memory reserved for models that are loading."""
    loaded_bytes: Mapping[str, int] = field(default_factory=dict)
    """Id of each loaded model to the bytes of its weights and buffers."""
