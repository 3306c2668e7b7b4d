"""Limits of the processes that read strangers' images."""

from __future__ import annotations

from pydantic import Field, FiniteFloat

from engines.types.frozen import FrozenModel


class SandboxLimits(FrozenModel):
    """What one image may cost. Past it the process that reads the image is killed and replaced,
    and the image is refused."""

    workers: int = Field(
        default=2,
        ge=1,
        le=64,
        description="Processes of the ingress that check uploads, one image each at a time. A "
        "validator has as many as its own `workers`.",
    )
    max_cpu_s: FiniteFloat = Field(default=15.0, gt=0, description="CPU seconds for one image.")
    max_wait_s: FiniteFloat = Field(
        default=60.0,
        gt=0,
        description="Seconds by the clock for one image, for a process that waits or a machine "
        "that is busy.",
    )
    max_memory_bytes: int = Field(
        default=2 * 2**30,
        ge=64 * 2**20,
        description="Memory (address space) for one image beyond what an idle process has, bytes.",
    )
