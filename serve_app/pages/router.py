"""Routes of the pages; `/` says where to go."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from serve_app.pages.assets import ASSETS, INDEX, answer

router = APIRouter(include_in_schema=False)

PLACES = {
    "api": "/api/v1",
    "docs": "/docs",
    "openapi": "/openapi.json",
    "studio": "/studio",
    "health": "/healthz",
    "readiness": "/readyz",
}


@router.get("/")
async def root(request: Request) -> Response:
    """A page of links for a browser, the same as JSON for everybody else."""
    if "text/html" in request.headers.get("accept", ""):
        return answer(INDEX)
    return JSONResponse(PLACES)


async def _asset(request: Request) -> Response:
    return answer(ASSETS[request.scope["route"].path])


for _path in ASSETS:
    router.add_api_route(_path, _asset, methods=["GET"])
