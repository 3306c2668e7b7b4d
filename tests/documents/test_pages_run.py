"""Documents run as they stand, by the real command line and SDK against the application behind a
server: a reader who pastes block after block gets through."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.datasets.export_config import ExportConfig
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.exporter import DatasetExporter
from engines.storage.folder.storage import FolderStorage
from engines.types import ExportRequest
from serve_app.config import ApiConfig
from tests.documents.fenced import ROOT, Block, blocks
from tests.documents.pages import RUN
from tests.engines.datasets.labeled import record_one, request_of
from tests.serve_app.api import KEY, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG
from tests.serve_app.flow.test_over_uvicorn import Served, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    fakes = FakeServices()
    fakes.provenance.intact = ("places",)
    for name in ("places", "foxes", "pets"):  # of other pages, or of the lines before
        fakes.datasets.names.append(name)
        for file in ("image_1.png", "fox-00012.png", "inferloop.sheet.jsonl"):
            fakes.files.contents[f"generated/{name}/{file}"] = PNG
    yield from serving(build_api(fakes, ApiConfig(rates=Api.GENEROUS)))


def script_of(block: Block) -> str:
    """A piece of shell."""
    if block.language == "python":
        program = block.text.replace("your_api_key_here", KEY)
        return f"python - <<'END_OF_PYTHON'\n{program}END_OF_PYTHON\n"
    first = block.text.splitlines()[0]
    if block.language == "yaml" and first.startswith("# ") and first.endswith(".yaml"):
        return f"cat > {first[2:]} <<'END_OF_YAML'\n{block.text}END_OF_YAML\n"
    return block.text if block.language in {"bash", "sh"} else ""


def programs(folder: Path) -> Path:
    """A folder with `inferloop` and `python` of this checkout."""
    folder.mkdir()
    for name, command in (("python", ""), ("inferloop", " -m inferloop_synthdata")):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable}{command} "$@"\n', encoding="utf-8")
        program.chmod(0o700)
    return folder


def run(script: str, folder: Path, served: Served) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        check=False,
        env={
            "PATH": f"{programs(folder.parent / 'bin')}:{os.environ['PATH']}",
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "HF_HOME": str(folder / "hf"),
            "NO_PROXY": "127.0.0.1",
            "INFERLOOP_API_KEY": KEY,
            "INFERLOOP_BASE_URL": served.url(""),
        },
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


PLACES = ("mountains", "a beach", "a desert", "a city", "a forest")


def exported_places(root: Path) -> Path:
    """A folder with the two splits of a small labeled dataset, as the real exporter writes it: the
    application here exports nothing that could be read."""
    storage = FolderStorage(root)
    store = DatasetStore(storage)
    for number in range(20):
        labels = {"place": PLACES[number % 5], "time": "day"}
        changes = {"image_id": f"image_{number}", "seed": number % 5, "dataset": "places"}
        record_one(store, request_of(0, labels=labels, metadata={}, **changes))
    DatasetExporter(storage, store, ExportConfig()).export(
        ExportRequest(
            "parquet",
            "generated/places",
            "exports/places.parquet",
            splits={"train": 0.6, "test": 0.4},
        )
    )
    return root / "exports"


@pytest.mark.parametrize("document", [each for each in RUN if "classifier" not in each])
def test_a_page_runs_from_top_to_bottom(document: str, served: Served, tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    folder.mkdir()
    for name in ("real_1.png", "real_2.png"):  # pictures of the reader's own
        (folder / name).write_bytes(PNG)
    pieces = [block for block in blocks(ROOT / document) if block.excerpt is None]
    run("\n".join(map(script_of, pieces)), folder, served)


def test_the_way_to_a_classifier_runs_and_trains(served: Served, tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    folder.mkdir()
    exports = exported_places(tmp_path / "data")
    *shell, training = [
        block
        for block in blocks(ROOT / "docs/tutorials/classifier.md")
        if block.excerpt is None and block.language
    ]
    exchanged = f"rm -r places && cp -r {exports} places"
    said = run("\n".join([*map(script_of, shell), exchanged, script_of(training)]), folder, served)
    assert "5 classes" in said.splitlines()[-1]
