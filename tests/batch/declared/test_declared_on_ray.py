"""A declared dataset by the command itself, on a Ray: the images of a maker without one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from batch.declared.config import load_declaration, load_declared_config
from batch.declared.maker import Maker
from batch.declared.wiring import DeclaredWiring
from engines.datasets.spec.plan import DatasetPlan
from engines.datasets.store.store import DatasetStore
from engines.storage.folder.storage import FolderStorage

ROOT = Path(__file__).resolve().parents[3]
SPEC = """
name: places
quotas: {place: {lake: 2, city: 1}}
attributes: {place: [lake, city]}
prompt: a {place}
generation: {width: 64, height: 64, num_inference_steps: 2}
require: {quality: {min_score: 0.0}, near_duplicates: {min_distance: 1}}
"""

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]


def hashes(root: Path) -> dict[str, str]:
    records = list(DatasetStore(FolderStorage(root)).iter_records("generated/places"))
    return {r.image_id: r.recipe.pixel_sha256 for r in records if r.recipe is not None}


async def test_a_job_on_ray_makes_the_images_of_a_maker_without_one(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"}
    command = [sys.executable, "-m", "batch.synthesize", "--spec", str(spec)]
    command += ["--output", str(tmp_path / "ray")]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "complete: 3 of 3 images in generated/places, 3 made now" in done.stdout
    plan, config = DatasetPlan(load_declaration(spec)), load_declared_config(None)
    wiring = DeclaredWiring(config, str(tmp_path / "here"), str(ROOT / "models"))

    with closing(Maker(wiring)) as maker:
        for item in plan.items():
            await maker.make(plan.request(item, maker.default_model))
    assert hashes(tmp_path / "ray") == hashes(tmp_path / "here")
    assert len(hashes(tmp_path / "ray")) == 3
