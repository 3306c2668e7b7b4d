"""The notebook of the first hour runs from top to bottom, in a Python of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from serve_app.config import ApiConfig, DurableJobs
from tests.documents.fenced import ROOT
from tests.serve_app.api import KEY, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import FakeFiles
from tests.serve_app.flow.test_over_uvicorn import Served, serving

NOTEBOOK = ROOT / "examples" / "first_hour" / "first_hour.ipynb"


class Pictures(FakeFiles):
    """Files that a viewer opens."""

    def require(self, key: str) -> bytes:
        content = super().require(key)
        if not key.endswith(".png"):
            return content
        drawn = io.BytesIO()
        Image.new("RGB", (8, 8), "orange").save(drawn, "PNG")
        return drawn.getvalue()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    config = ApiConfig(rates=Api.GENEROUS, durable=DurableJobs(poll_s=0.02, report_every_s=0.01))
    yield from serving(build_api(FakeServices(files=Pictures()), config))


def program(notebook: Path) -> str:
    """The code of all cells; a last expression is evaluated as a notebook does."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def test_it_runs_as_it_stands(served: Served, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program(NOTEBOOK)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "NO_PROXY": "127.0.0.1",
            "INFERLOOP_API_KEY": KEY,
            "INFERLOOP_BASE_URL": served.url(""),
        },
    )
    assert done.returncode == 0, done.stderr
    assert "complete 4 of 4 in /data/generated/first-hour" in done.stdout
    assert "64 <= width <= 1024" in done.stdout


def test_it_was_kept_without_what_a_run_leaves_in_it() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in cells)
    assert len({cell["id"] for cell in cells}) == len(cells)
