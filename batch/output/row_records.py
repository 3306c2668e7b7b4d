"""Make the record of a row's image, in the schema of the service's exports."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engines.datasets.records.facts import FileFacts
from engines.datasets.records.reading import DatasetRecord
from engines.datasets.records.record import Record, RecordShape, make_record
from engines.datasets.sidecars.verdict import Verdict
from engines.types import ObjectStat, PrivacyReport, QualityReport

if TYPE_CHECKING:
    from batch.planning.rows import PlannedRow
    from engines.datasets.recipes.recipe import Recipe


def record_of_row(
    row: PlannedRow,
    attempt: int,
    png: bytes,
    recipe: Recipe,
    reports: Sequence[QualityReport | PrivacyReport],
) -> Record:
    """The record of an image.

    `metadata` has the row's position in the input, the attempt and the kept columns. Verdicts and
    recipes have the plan's time, so that the same row always gives the same record.
    """
    name = f"{row.row_id}.png"
    verdicts = {v.kind: v for v in (Verdict.of(name, r, recipe.created_at) for r in reports)}
    found = DatasetRecord(
        image_id=row.row_id,
        name=name,
        stat=ObjectStat(name, len(png), recipe.created_at, ""),
        recipe=recipe,
        metadata={"index": row.index, "attempt": attempt, **row.kept},
        quality=verdicts.get("quality"),
        privacy=verdicts.get("privacy"),
        sidecars={},
        indexed=False,
    )
    size = recipe.parameters
    facts = FileFacts("PNG", size.width, size.height, hashlib.sha256(png).hexdigest())
    return make_record(_shape(recipe.dataset), found, facts, {})


def _shape(dataset: str | None) -> RecordShape:
    return RecordShape(
        dataset=dataset or "",
        include_metadata=True,
        include_annotations=True,
        name_of=lambda record: record.name,
        split_of=lambda image_id: None,
    )
