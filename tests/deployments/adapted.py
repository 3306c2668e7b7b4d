"""Replicas behind the services' Protocols, called as they are: what Serve's handles do, without."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from deployments.replicas.diffusion import DiffusionReplica
from engines.types import GenerationEvent, GenerationRequest


@dataclass(frozen=True, slots=True)
class AdaptedGeneration:
    """`Generation` over one replica that serves every model."""

    replica: DiffusionReplica

    def check(self, request: GenerationRequest) -> None:
        """Everything is taken."""

    def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        return self.replica.generate(request)
