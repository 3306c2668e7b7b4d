"""The state of the service's deployments: replicas, and models in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """One model in the memory of a deployment's replicas."""

    replicas: int
    """Number of replicas that have the model loaded."""
    memory_bytes: int
    """Size of the model's weights and buffers in one replica; the largest if replicas differ."""


@dataclass(frozen=True, slots=True)
class DeploymentStanding:
    """The present state of one deployment."""

    name: str
    status: str
    """Ray Serve's status: "HEALTHY", "UPDATING", "UNHEALTHY", ..."""
    message: str
    """Ray Serve's explanation of the status; may be empty."""
    target: int
    """Number of replicas that Ray Serve aims at."""
    running: int
    starting: int
    """Number of replicas that do not serve yet: starting, updating or recovering."""
    stopping: int
    models: Mapping[str, LoadedModel] = field(default_factory=dict)
    """Model id to the loaded model; empty for deployments other than diffusion pools."""

    @property
    def healthy(self) -> bool:
        """Whether Ray Serve's status is "HEALTHY"."""
        return self.status == "HEALTHY"
