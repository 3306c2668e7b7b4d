"""`/healthz` and `/readyz`, without a key."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from serve_app.context import InApplication
from serve_app.errors import WireError
from serve_app.schemas.base import ErrorEnvelope
from serve_app.schemas.library import Health

router = APIRouter(tags=["health"])

READY_RETRY_S = 2.0


@router.get("/healthz")
async def healthz() -> Health:
    """Check that the ingress is alive."""
    return Health(status="ok")


@router.get("/readyz", response_model=Health, responses={503: {"model": ErrorEnvelope}})
async def readyz(context: InApplication) -> Health | Response:
    """Check that every deployment can serve now."""
    missing = list(await context.services.readiness.not_ready())
    if not missing:
        return Health(status="ready")
    message = f"Not ready: {', '.join(missing)}"
    return WireError("OVERLOADED", message, {"not_ready": [*missing]}, READY_RETRY_S).response()
