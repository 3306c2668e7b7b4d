"""A marked image on disk, and a service that must get no request."""

from __future__ import annotations

from pathlib import Path

import httpx

from engines.provenance.claims import created
from engines.provenance.config import MarksConfig
from engines.provenance.development import identity_in, new_bundle
from engines.provenance.signing import C2paSigner
from tests.engines.provenance.conftest import some_png

IDENTITY, AUTHORITY = identity_in(new_bundle())


def nobody(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"asked {request.url}")


def marked_file(folder: Path) -> Path:
    png, recipe = some_png(side=16)
    path = folder / "fox.png"
    definition = created(recipe, None, MarksConfig())
    path.write_bytes(C2paSigner(IDENTITY).sign(png, "image/png", definition))
    return path
