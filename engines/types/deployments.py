"""How the deployments of the service stand: their replicas, and the models in their memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """One model in the memory of a deployment's replicas."""

    replicas: int
    """How many of them have it loaded."""
    memory_bytes: int
    """Weights and buffers of one of these replicas; the largest where they differ."""


@dataclass(frozen=True, slots=True)
class DeploymentStanding:
    """One deployment as it stands now."""

    name: str
    status: str
    """Ray Serve's word: "HEALTHY", "UPDATING", "UNHEALTHY", ..."""
    message: str
    """Why, in Ray Serve's words; "" where there is nothing to say."""
    target: int
    """Replicas that there should be now."""
    running: int
    starting: int
    """Updating or recovering ones included: they do not serve yet."""
    stopping: int
    models: Mapping[str, LoadedModel] = field(default_factory=dict)
    """By id; only a diffusion pool has any."""

    @property
    def healthy(self) -> bool:
        """Whether Ray Serve says so."""
        return self.status == "HEALTHY"
