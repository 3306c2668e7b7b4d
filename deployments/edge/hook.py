"""The entry point for Ray Serve: `RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH`.

The launcher needs the two names alone: what an HTTP server needs is imported in that server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.middleware import Middleware

IMPORT_PATH = "deployments.edge.hook.middlewares"
VARIABLE = "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH"


def middlewares() -> list[Middleware]:
    """Called once in the process of each HTTP server, before it listens.

    Serve leaves uvicorn's choice of protocols at "auto", and gives no other way to limit what comes
    before a request or on a WebSocket: so "auto" becomes ours, for this process.
    """
    import uvicorn.config
    from starlette.middleware import Middleware

    from deployments.edge.middleware import EdgeMiddleware
    from deployments.settings import EdgeSettings

    uvicorn.config.HTTP_PROTOCOLS["auto"] = "deployments.edge.protocol:GuardedProtocol"
    uvicorn.config.WS_PROTOCOLS["auto"] = "deployments.edge.websocket:GuardedWebSocket"
    return [Middleware(EdgeMiddleware, settings=EdgeSettings())]
