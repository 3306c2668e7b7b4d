"""The measurement of faces: labels are read, each mistake is named, and sets are put together."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from benchmarks.validators.pictures.faces import CATALOG, source_of, write_set
from benchmarks.validators.privacy_faces import LABELS, labeled, measured, pictures, report
from engines.privacy.model import Face

if TYPE_CHECKING:
    from engines.types import Pixels


class InBright:
    """Finds a face in bright pictures that are wider than high."""

    name = "fake"

    def detect(self, pixels: Pixels) -> tuple[Face, ...]:
        wide = pixels.shape[1] > pixels.shape[0]
        return (Face((1, 2, 3, 4), 0.9),) if wide and pixels.mean() > 100 else ()


def picture(path: Path, gray: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((100, 200, 3), gray, np.uint8)).save(path)


def test_each_mistake_is_named_and_counted_upright_and_rotated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = {"somebody.png": "yes", "night.png": "yes", "wall.png": "no", "doll.png": "drawn"}
    for name, gray in zip(labels, (200, 20, 210, 220), strict=True):
        picture(tmp_path / name, gray)
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    shown = pictures(tmp_path, labeled(tmp_path / "labels.json"), 100)
    found, cost = measured(InBright(), shown, (0, 1))
    assert found["yes"] == {0: ["somebody.png"], 1: []}
    assert capsys.readouterr().out.splitlines() == [
        "missed: somebody.png, rotated by 90 degrees",
        "missed: night.png",
        "missed: night.png, rotated by 90 degrees",
        "false: wall.png",
    ]
    lines = report(found, cost).splitlines()
    assert lines[2].startswith("| yes | 2 | 1 (50.0 %) | 0 (0.0 %) |")
    assert lines[4].startswith("| drawn | 1 | 1 (100.0 %) | 0 (0.0 %) |")


def test_a_label_that_is_misspelled_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text('{"a.png": "maybe"}')
    with pytest.raises(ValueError, match=r"unknown labels \['maybe'\]"):
        labeled(tmp_path / "labels.json")


def test_a_set_is_copied_from_its_sources_with_its_labels(tmp_path: Path) -> None:
    names = {
        "npm/@a/b@1/package/x.png": "yes",
        "github/o/n/y z.png": "no without text",
        "debian/p/usr/gone.png": "no",
    }
    fetched: list[str] = []

    def fetch(source: str, folder: Path) -> None:
        fetched.append(source)
        for name in names:
            if name.startswith(f"{source}/") and "gone" not in name:
                picture(folder.parents[len(Path(source).parts) - 1] / name, 9)

    picture(tmp_path / "sources/npm/@a/b@1/package/x.png", 8)
    missing = write_set(names, tmp_path / "set", tmp_path / "sources", fetch)
    assert fetched == ["debian/p", "github/o/n"]
    assert missing == ["debian/p/usr/gone.png"]
    assert labeled(tmp_path / "set/labels.json") == {
        "npm/@a/b@1/package/x.png": "yes",
        "github/o/n/y z.png": "no",
    }
    assert [path.name for path in (tmp_path / "set/textless").rglob("*.png")] == ["y z.png"]


def test_the_catalog_names_known_labels_and_sources() -> None:
    catalog = json.loads(CATALOG.read_text(encoding="utf-8"))
    for names in catalog["sets"].values():
        counts = Counter(label.split()[0] for label in names.values())
        assert set(counts) == set(LABELS)
        for name in names:
            source = source_of(name)
            assert name.startswith(f"{source}/")
            kind, _, rest = source.partition("/")
            assert kind in ("github", "npm", "pypi", "debian")
            assert kind != "github" or rest in catalog["commits"]
