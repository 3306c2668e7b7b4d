"""`GET /deployments`."""

from __future__ import annotations

from fastapi import APIRouter

from engines.errors import Forbidden
from engines.types.deployments import DeploymentStanding
from serve_app.access.policy import requires
from serve_app.context import InContext
from serve_app.routing import ApiRoute
from serve_app.schemas.service.deployments import (
    DeploymentList,
    DeploymentOut,
    LoadedModelOut,
    ReplicaCounts,
)

router = APIRouter(tags=["health"], route_class=ApiRoute)


@router.get("/deployments", dependencies=[requires("admin", budget="read")])
async def list_deployments(context: InContext) -> DeploymentList:
    """List the deployments with their replicas and the models in memory. Keys of a space are
    refused, because deployments serve all spaces."""
    if not context.caller.sees_every_space:
        raise Forbidden(
            "Only a key with the scope 'admin' and without a space may list deployments"
        )
    found = await context.services.deployments.standing()
    return DeploymentList(deployments=[_deployment_out(each) for each in found])


def _deployment_out(standing: DeploymentStanding) -> DeploymentOut:
    return DeploymentOut(
        name=standing.name,
        status=standing.status,
        healthy=standing.healthy,
        message=standing.message,
        replicas=ReplicaCounts(
            target=standing.target,
            running=standing.running,
            starting=standing.starting,
            stopping=standing.stopping,
        ),
        models=[
            LoadedModelOut(id=name, replicas=model.replicas, memory_bytes=model.memory_bytes)
            for name, model in standing.models.items()
        ],
    )
