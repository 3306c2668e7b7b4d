"""Rows, configs and outcomes of batch jobs, small and real."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from batch.config import JobConfig
from batch.output.outcomes import Judgment, MadeImage, Outcome, Reason, ShardOutcome, Status
from batch.output.row_records import record_of_row
from batch.planning.rows import PlannedRow
from engines.datasets.recipes.recipe import Recipe, RecipeParameters
from engines.images.png_text import encode_png
from engines.storage.folder.storage import FolderStorage
from engines.testing.diffusion import FAKE_MODELS
from engines.types import QualityReport

MakeConfig = Callable[..., JobConfig]
MakeOutcome = Callable[..., Outcome]


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "out")


@pytest.fixture
def make_config(tmp_path: Path) -> MakeConfig:
    """Returns a function that makes the config of a job with the fake model. Keyword arguments
    replace its sections."""

    def make(**parts: Any) -> JobConfig:
        body: dict[str, Any] = {
            "name": "birds",
            "input": {"kind": "grid", "templates": ["a bird"]},
            "output": {"root": str(tmp_path / "out"), "shard_rows": 4},
            "engine": {"models": [FAKE_MODELS[0].model_dump()]},
            "defaults": {"width": 64, "height": 64, "num_inference_steps": 3},
            "checks": {"quality": None, "privacy": None},
        }
        return JobConfig.model_validate(body | parts)

    return make


def picture(shade: int, side_px: int = 16) -> bytes:
    """PNG file of a gradient, which depends on `shade`."""
    ramp = np.linspace(0, shade, side_px * side_px * 3).reshape(side_px, side_px, 3)
    return encode_png(ramp.astype(np.uint8), {})


def made_image(row_id: str, metrics: Mapping[str, float] | None = None) -> MadeImage:
    """An image as the maker gives it to the writer."""
    shade = int(row_id[:2], 16)
    reports = (QualityReport(row_id, shade / 255, {}, True, "fake/1"),)
    judgment = Judgment(
        passed=True,
        reasons=(),
        metrics=metrics or {"quality_score": shade / 255},
        reports=reports,
        hashes=(int(row_id[:16], 16), int(row_id[4:20], 16)),
        thumbnail=b"\xff\xd8 not really a picture",
    )
    png = picture(shade)
    record = record_of_row(PlannedRow(row_id, shade, {}), 0, png, a_recipe(row_id, shade), reports)
    return MadeImage(png, record, judgment, engine_s=0.5)


def a_recipe(row_id: str, shade: int) -> Recipe:
    """The recipe of a row whose seed is `shade`. Every third one has a negative prompt."""
    parameters = RecipeParameters("fake/model", 16, 16, 3, 7.5, shade)
    return Recipe(
        image_id=row_id,
        prompt=f"prompt of {row_id}",
        negative_prompt="blurry" if shade % 3 == 0 else None,
        parameters=parameters,
        served_model="fake/model",
        revision=None,
        noise_scheduler="DDIMScheduler",
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
        pixel_sha256="0" * 64,
        dataset="birds",
    )


def an_id(number: int) -> str:
    """A row id whose first two digits are `number`."""
    return f"{number:02x}" + "0123456789abcdef012345"


def an_outcome(number: int, status: Status = "written", with_image: bool = True) -> Outcome:
    """The end of row `number`."""
    row_id = an_id(number)
    reasons = () if status == "written" else (Reason("low_quality", "quality score 0.10"),)
    image = made_image(row_id) if with_image else None
    return Outcome(row_id, number, status, 1, reasons, image, {"prompt": f"prompt {number}"})


@pytest.fixture
def make_outcome() -> MakeOutcome:
    """Returns `an_outcome`."""
    return an_outcome


@pytest.fixture
def mixed_shard() -> ShardOutcome:
    """Two written, one rejected with its image, one failed without."""
    outcomes = (
        an_outcome(10),
        an_outcome(20, "rejected"),
        an_outcome(30),
        an_outcome(40, "failed", with_image=False),
    )
    return ShardOutcome(7, outcomes, wall_s=2.0)
