"""Write the OpenAPI snapshot: `python -m tests.contract.write_openapi`."""

from __future__ import annotations

import json
from pathlib import Path

from serve_app.config import ApiConfig
from tests.serve_app.api import build_api
from tests.serve_app.fake_services import FakeServices

SNAPSHOT = Path(__file__).parent / "openapi.json"


def document_text() -> str:
    """The document of the default configuration, with sorted keys."""
    app = build_api(FakeServices(), ApiConfig()).app
    return json.dumps(app.openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(document_text(), encoding="utf-8")
