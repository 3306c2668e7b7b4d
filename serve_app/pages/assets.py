"""The files of the pages, and the content security policy that they are sent with."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from starlette.datastructures import Headers
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
"""The user types an API key on these pages. Therefore a browser may run only our own scripts and
send data only to this host. Images are blobs (fetched with the key); previews and icons are data
URLs."""

_HTML, _CSS = "text/html; charset=utf-8", "text/css; charset=utf-8"
_JS, _PNG = "text/javascript; charset=utf-8", "image/png"
_TEXT = "text/plain; charset=utf-8"
_KINDS = MappingProxyType({".css": _CSS, ".js": _JS, ".png": _PNG, ".txt": _TEXT})
_STUDIO = "serve_app.studio"
_SWAGGER = "fastapi_swagger.resources"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file in a Python package, and the media type with which it is sent."""

    package: str
    name: str
    media_type: str


def _studio(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Asset]]:
    """URL path and file of each file in the studio's folder that a page may load."""
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _studio(entry, f"{name}/")
        elif media_type := _KINDS.get(name[name.rfind(".") :]):
            yield f"/studio/{name}", Asset(_STUDIO, name, media_type)


ASSETS: Mapping[str, Asset] = MappingProxyType(
    {
        "/studio": Asset(_STUDIO, "studio.html", _HTML),
        **dict(sorted(_studio(files(_STUDIO)))),
        "/docs": Asset("serve_app.pages", "docs.html", _HTML),
        "/docs/docs.js": Asset("serve_app.pages", "docs.js", _JS),
        "/docs/swagger-ui.css": Asset(_SWAGGER, "swagger-ui.css", _CSS),
        "/docs/swagger-ui.js": Asset(_SWAGGER, "swagger-ui-bundle.js", _JS),
        "/docs/favicon.png": Asset(_SWAGGER, "favicon-32x32.png", _PNG),
    }
)
"""URL path to file. All of them can be fetched without an API key."""

INDEX = Asset("serve_app.pages", "index.html", _HTML)


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes, the same bytes compressed by gzip, and its `ETag`."""

    plain: bytes
    packed: bytes
    tag: str

    @classmethod
    def of(cls, plain: bytes) -> Content:
        """Compress `plain` and compute its `ETag`, a weak one from its SHA-256."""
        digest = hashlib.sha256(plain).hexdigest()[:32]
        return cls(plain, gzip.compress(plain, mtime=0), f'W/"{digest}"')


def answer(asset: Asset, asked: Headers) -> Response:
    """The answer with a file, compressed if the client accepts gzip.

    A browser must ask each time whether its copy is current, and gets the file again only if the
    file has changed.
    """
    response = packed_answer(_content(asset), asset.media_type, asked)
    if asset.media_type == _HTML:
        response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response


def packed_answer(content: Content, media_type: str, asked: Headers) -> Response:
    """Status 200 with the content, or 304 if `If-None-Match` names its `ETag`."""
    headers = {"Cache-Control": "no-cache", "ETag": content.tag, "Vary": "Accept-Encoding"}
    if content.tag in asked.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if not _takes_gzip(asked):
        return Response(content.plain, media_type=media_type, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(content.packed, media_type=media_type, headers=headers)


def _takes_gzip(asked: Headers) -> bool:
    """Whether the client accepts gzip. `gzip;q=0` means that it does not."""
    for part in asked.get("accept-encoding", "").split(","):
        name, _, weight = part.replace(" ", "").partition(";q=")
        if name.lower() == "gzip":
            return weight.strip("0.") != "" if weight else True
    return False


@cache
def _content(asset: Asset) -> Content:
    folder: Traversable = files(asset.package)
    return Content.of(folder.joinpath(asset.name).read_bytes())
