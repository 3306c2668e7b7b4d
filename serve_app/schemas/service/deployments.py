"""API models of deployments: replicas, and models in memory."""

from __future__ import annotations

from pydantic import Field

from serve_app.schemas.base import ResponseModel


class ReplicaCounts(ResponseModel):
    """Numbers of replicas of one deployment."""

    target: int = Field(description="Replicas that should run now; autoscaling changes it.")
    running: int = Field(description="Replicas that serve.")
    starting: int = Field(description="Replicas that do not serve yet: starting or updating.")
    stopping: int = Field(description="Replicas that are finishing their last requests.")


class LoadedModelOut(ResponseModel):
    """A model in memory."""

    id: str = Field(description="Id in the config. The model may have other ids, too.")
    replicas: int = Field(description="Number of replicas that have loaded it.")
    memory_bytes: int = Field(description="Size of weights and buffers in one replica, bytes.")


class DeploymentOut(ResponseModel):
    """The present state of one deployment."""

    name: str = Field(description='Name, such as "ingress", "quality" or "diffusion-POOL".')
    status: str = Field(description='Ray Serve\'s status, such as "HEALTHY" or "UPDATING".')
    healthy: bool = Field(description='Whether `status` is "HEALTHY".')
    message: str = Field(description="Ray Serve's explanation of the status; may be empty.")
    replicas: ReplicaCounts = Field(description="Numbers of replicas by state.")
    models: list[LoadedModelOut] = Field(
        description="Models in memory of the replicas that answered; only for diffusion pools."
    )


class DeploymentList(ResponseModel):
    """All deployments."""

    deployments: list[DeploymentOut] = Field(description="The deployments, ordered by name.")
