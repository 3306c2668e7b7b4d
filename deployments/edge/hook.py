"""The entry point for Ray Serve: `RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH`.

The launcher imports this module for the two constants. The function therefore does its imports
itself, so that only the HTTP server needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.middleware import Middleware

IMPORT_PATH = "deployments.edge.hook.middlewares"
VARIABLE = "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH"


def middlewares() -> list[Middleware]:
    """The middleware for Serve's HTTP server. Serve calls this once in each server process, before
    it listens.

    It also replaces uvicorn's "auto" protocols with the guarded ones, in this process. Serve uses
    "auto", and there is no other way to limit connections before a request, or WebSockets.
    """
    import uvicorn.config
    from starlette.middleware import Middleware

    from deployments.edge.middleware import EdgeMiddleware
    from deployments.settings import EdgeSettings

    uvicorn.config.HTTP_PROTOCOLS["auto"] = "deployments.edge.protocol:GuardedProtocol"
    uvicorn.config.WS_PROTOCOLS["auto"] = "deployments.edge.websocket:GuardedWebSocket"
    return [Middleware(EdgeMiddleware, settings=EdgeSettings())]
