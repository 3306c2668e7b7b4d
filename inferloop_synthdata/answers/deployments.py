"""What the service tells of its deployments."""

from __future__ import annotations

from inferloop_synthdata.answers.answer import Answer


class ReplicaCounts(Answer):
    """Replicas of one deployment."""

    target: int
    """Replicas that there should be now."""
    running: int
    starting: int
    stopping: int


class LoadedModel(Answer):
    """A model in memory."""

    id: str
    replicas: int
    """Replicas that have it loaded."""
    memory_bytes: int
    """Weights and buffers in one replica."""


class Deployment(Answer):
    """One deployment as it stands."""

    name: str
    status: str
    """Ray Serve's word: "HEALTHY", "UPDATING", "UNHEALTHY", ..."""
    healthy: bool
    message: str
    replicas: ReplicaCounts
    models: list[LoadedModel]


class DeploymentList(Answer):
    """Answer of `list_deployments`, by name."""

    deployments: list[Deployment]
