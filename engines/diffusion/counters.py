"""What the engine has done since its start, and what it holds now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Written by the engine's thread only; totals since the start."""

    steps_total: int = 0
    rows_total: int = 0
    step_s_total: float = 0.0
    images_total: int = 0
    canceled_total: int = 0
    failed_total: int = 0


@dataclass(frozen=True, slots=True)
class Stats:
    """A snapshot; see `engines.protocols.EngineStats`."""

    queued: int
    running: int
    steps_total: int
    rows_total: int
    step_s_total: float
    """Seconds in denoising steps, starts included and decodes not."""
    images_total: int
    canceled_total: int
    failed_total: int
    """Deadlines included."""
    model_loads_total: int
    decoding: int = 0
    """Of the running: steps done, waiting for the decoder."""
    models_loaded: tuple[str, ...] = ()
    step_budgets_px: Mapping[str, int] = field(default_factory=dict)
    """Latent pixels that a step may hold now, by model."""
    model_bytes: int = 0
    loaded_bytes: Mapping[str, int] = field(default_factory=dict)
    """Of the loaded models: id to bytes of weights and buffers."""
