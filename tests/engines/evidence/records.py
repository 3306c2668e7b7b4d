"""Records of datasets in memory, as the catalog returns them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engines.datasets.recipes.recipe import Recipe, RecipeParameters
from engines.datasets.records.reading import DatasetRecord
from engines.datasets.sidecars.verdict import Verdict
from engines.evidence.feature_file import ImageFacts
from engines.types import ObjectStat

if TYPE_CHECKING:
    from engines.errors import JsonValue

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
PLAIN = Recipe(
    image_id="a",
    prompt="a fox in a wood",
    negative_prompt=None,
    parameters=RecipeParameters("mini", 64, 64, 4, 5.0, 42),
    served_model="inferloop/mini",
    revision="0123abc",
    noise_scheduler="DDIMScheduler",
    created_at=NOW,
    pixel_sha256="00" * 32,
    library_versions={"torch": "2.9", "diffusers": "0.42"},
)


def recipe(**changes: object) -> Recipe:
    return replace(PLAIN, **changes)  # type: ignore[arg-type]


def quality(score: float, passed: bool, findings: Mapping[str, JsonValue] | None = None) -> Verdict:
    return Verdict("quality", "a.png", passed, score, "quality/6", NOW, findings or {})


def privacy(score: float, passed: bool, *issues: dict[str, JsonValue]) -> Verdict:
    findings: dict[str, JsonValue] = {"issues": list(issues)}
    return Verdict("privacy", "a.png", passed, score, "privacy/2", NOW, findings)


def record(
    name: str = "a.png",
    recipe: Recipe | None = None,
    quality: Verdict | None = None,
    privacy: Verdict | None = None,
    size_bytes: int = 100,
) -> DatasetRecord:
    stat = ObjectStat(f"generated/birds/{name}", size_bytes, NOW, "e1")
    image_id = name.rpartition(".")[0]
    return DatasetRecord(
        image_id, name, stat, recipe, None, quality, privacy, sidecars={}, indexed=True
    )


def facts(name: str, own: int = 0x0F0F0F0F0F0F0F0F, mirror: int = 0x3333333333333333) -> ImageFacts:
    return ImageFacts(name, "e1", "ab" * 32, own, mirror, 50.0, 64, 48)
