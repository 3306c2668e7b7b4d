"""Deployments on the wire: how many replicas serve, and which models are in memory."""

from __future__ import annotations

from pydantic import Field

from serve_app.schemas.base import ResponseModel


class ReplicaCounts(ResponseModel):
    """Replicas of one deployment."""

    target: int = Field(description="Replicas that there should be now; autoscaling moves it.")
    running: int = Field(description="Replicas that serve.")
    starting: int = Field(description="Replicas that do not serve yet, updating ones included.")
    stopping: int = Field(description="Replicas that end their last requests.")


class LoadedModelOut(ResponseModel):
    """A model in memory."""

    id: str = Field(description="As in the config; other names may lead to it.")
    replicas: int = Field(description="Replicas that have it loaded.")
    memory_bytes: int = Field(description="Weights and buffers in one replica, bytes.")


class DeploymentOut(ResponseModel):
    """One deployment as it stands."""

    name: str = Field(description='"ingress", "quality", "diffusion-POOL", ...')
    status: str = Field(description='Ray Serve\'s word: "HEALTHY", "UPDATING", "UNHEALTHY", ...')
    healthy: bool = Field(description='Whether `status` is "HEALTHY".')
    message: str = Field(description="Why, in Ray Serve's words; empty where all is well.")
    replicas: ReplicaCounts = Field(description="How many there are, by state.")
    models: list[LoadedModelOut] = Field(
        description="In memory, of the replicas that answered; empty for all but diffusion pools."
    )


class DeploymentList(ResponseModel):
    """All deployments."""

    deployments: list[DeploymentOut] = Field(description="By name.")
