"""The files that pages consist of, read once, and the policy under which a browser runs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from starlette.responses import Response

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""A key is typed on these pages: no script runs but our files, and nothing goes to another host.
Pictures come as blobs (fetched with the key), previews and icons as data."""

_HTML, _CSS = "text/html; charset=utf-8", "text/css; charset=utf-8"
_JS, _PNG = "text/javascript; charset=utf-8", "image/png"
_SWAGGER = "fastapi_swagger.resources"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of a package."""

    package: str
    name: str
    media_type: str


ASSETS: Mapping[str, Asset] = MappingProxyType(
    {
        "/studio": Asset("serve_app.studio", "studio.html", _HTML),
        "/studio/studio.css": Asset("serve_app.studio", "studio.css", _CSS),
        "/studio/studio.js": Asset("serve_app.studio", "studio.js", _JS),
        "/docs": Asset("serve_app.pages", "docs.html", _HTML),
        "/docs/docs.js": Asset("serve_app.pages", "docs.js", _JS),
        "/docs/swagger-ui.css": Asset(_SWAGGER, "swagger-ui.css", _CSS),
        "/docs/swagger-ui.js": Asset(_SWAGGER, "swagger-ui-bundle.js", _JS),
        "/docs/favicon.png": Asset(_SWAGGER, "favicon-32x32.png", _PNG),
    }
)
"""Path to what is there; all of it without a key."""

INDEX = Asset("serve_app.pages", "index.html", _HTML)


def answer(asset: Asset) -> Response:
    """The file; a browser asks again whether it is still the same one after every update."""
    headers = {"Cache-Control": "no-cache"}
    if asset.media_type == _HTML:
        headers["Content-Security-Policy"] = PAGE_POLICY
    return Response(_content(asset), media_type=asset.media_type, headers=headers)


@cache
def _content(asset: Asset) -> bytes:
    folder: Traversable = files(asset.package)
    return folder.joinpath(asset.name).read_bytes()
