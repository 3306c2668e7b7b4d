"""Routes of the pages. `/` lists the others."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from serve_app.pages.assets import ASSETS, INDEX, Content, answer, packed_answer
from serve_app.paths import API_PREFIX

router = APIRouter(include_in_schema=False)

OPENAPI_PATH = "/openapi.json"
PLACES = {
    "api": API_PREFIX,
    "docs": "/docs",
    "openapi": OPENAPI_PATH,
    "studio": "/studio",
    "health": "/healthz",
    "readiness": "/readyz",
}


@router.get("/")
async def root(request: Request) -> Response:
    """Links to the other pages: as HTML for a browser, as JSON for other clients."""
    if "text/html" in request.headers.get("accept", ""):
        return answer(INDEX, request.headers)
    return JSONResponse(PLACES)


@router.get(OPENAPI_PATH)
async def openapi(request: Request) -> Response:
    """The OpenAPI document. It contains no secrets, and is constant while the service runs."""
    content: Content = request.app.state.document()
    return packed_answer(content, "application/json", request.headers)


async def _asset(request: Request) -> Response:
    return answer(ASSETS[request.scope["route"].path], request.headers)


for _path in ASSETS:
    router.add_api_route(_path, _asset, methods=["GET"])
