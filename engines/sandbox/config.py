"""Limits of the processes that read untrusted images."""

from __future__ import annotations

from pydantic import Field, FiniteFloat

from engines.types.frozen import FrozenModel


class SandboxLimits(FrozenModel):
    """Limits for reading one image. If it exceeds one, the image is refused, and the process that
    read it is killed and replaced."""

    workers: int = Field(
        default=2,
        ge=1,
        le=64,
        description="Processes of the ingress that check uploads, one image each at a time. "
        "Validators use their own setting `workers` instead.",
    )
    max_cpu_s: FiniteFloat = Field(default=15.0, gt=0, description="CPU seconds for one image.")
    max_wait_s: FiniteFloat = Field(
        default=60.0,
        gt=0,
        description="Seconds of wall time for one image. Larger than the CPU limit, because the "
        "process may wait or the machine may be busy.",
    )
    max_memory_bytes: int = Field(
        default=2 * 2**30,
        ge=64 * 2**20,
        description="Address space for one image, in addition to that of an idle process, bytes.",
    )
