"""Implements the Protocols of the services with replicas in this process, without Ray Serve."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from deployments.replicas.diffusion import DiffusionReplica
from engines.types import GenerationEvent, GenerationRequest


@dataclass(frozen=True, slots=True)
class AdaptedGeneration:
    """Implements `Generation` with one replica, which has every model."""

    replica: DiffusionReplica

    def check(self, request: GenerationRequest) -> None:
        """Accepts every request."""

    def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        return self.replica.generate(request)
