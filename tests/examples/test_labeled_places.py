"""The example runs from its declaration to its accuracy, as a script and as a notebook.

At a tiny size, and with pictures that take no time: the real engine over the shipped fake model.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from batch.declared.config import load_declared_config
from batch.declared.wiring import DeclaredWiring
from engines.datasets.marking import ImageMarks, NoMarks
from engines.datasets.store.store import DatasetStore
from engines.protocols import DiffusionEngine
from engines.storage.folder.storage import FolderStorage
from engines.testing.diffusion import FakeEngine

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "examples" / "labeled_places"
TINY = """
name: places
seed: 7
quotas: {place: 1}
attributes:
  place: [a lake, a city]
  time: [day, night]
prompt: "{place} at {time}"
generation: {width: 64, height: 64, num_inference_steps: 1}
labels: [place, time]
"""


@dataclass(frozen=True, slots=True)
class Quick(DeclaredWiring):
    """Pictures that take no time, without marks."""

    def engine(self) -> DiffusionEngine:
        return FakeEngine(config=self.config.engine)

    def marks(self) -> ImageMarks:
        return NoMarks()


def quick(root: Path) -> Quick:
    return Quick(load_declared_config(None), str(root), str(root))


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setattr(sys, "path", [*sys.path])  # examples add to it
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return path


def script() -> ModuleType:
    found = importlib.util.spec_from_file_location("train", EXAMPLE / "train.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def run_notebook(given: dict[str, Any]) -> dict[str, Any]:
    """Runs its code cells in order, as a kernel does; after the last cell of parameters, `given`
    takes their place. Returns all that the cells have defined."""
    notebook = json.loads((EXAMPLE / "labeled_places.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] for cell in cells), "commit it without its outputs"
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
        if "parameters" in cell["metadata"].get("tags", ()):
            names |= given
    return names


def test_the_script_makes_exports_trains_and_tests(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "root"
    options = ["--root", str(root), "--spec", str(spec), "--per-class", "6", "--epochs", "2"]
    share = script().main(options, quick)
    assert 0 <= share <= 1
    assert "2 classes: a city, a lake; held-out accuracy" in capsys.readouterr().out
    store = DatasetStore(FolderStorage(root))
    assert store.summary("places").labels["place"] == {"a city": 6, "a lake": 6}
    assert store.summary("places-held-out").image_count == 2
    records = {
        name: store.iter_records(f"generated/{name}") for name in ("places", "places-held-out")
    }
    seeds = {n: {r.recipe.parameters.seed for r in rs if r.recipe} for n, rs in records.items()}
    assert not seeds["places"] & seeds["places-held-out"]


def test_the_notebook_goes_the_same_way(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "root"
    small = {"ROOT": root, "SPEC": spec, "PER_CLASS": 3, "EPOCHS": 1, "MAKE_WITH": quick}
    names = run_notebook(small)
    assert 0 <= names["accuracy"] <= 1
    told = capsys.readouterr().out
    assert "6 images" in told
    assert "{'a city': 3, 'a lake': 3}" in told
    assert names["made"] == root / "exports" / "places.parquet"


def test_the_shipped_declaration_asks_for_500_images_of_five_classes() -> None:
    train = script()
    spec, held_out = train.declared(train.SPEC, 100)
    assert spec.quotas == {"place": 100}
    assert len(spec.attributes["place"][0].values) == 5
    assert held_out.seed != spec.seed
