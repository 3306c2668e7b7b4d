"""Make the record of an image, with the columns of the export schema."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from engines.datasets.records.label_columns import add_label_columns

if TYPE_CHECKING:
    from engines.datasets.records.facts import FileFacts
    from engines.datasets.records.reading import DatasetRecord
    from engines.datasets.sidecars.verdict import Verdict
    from engines.errors import JsonValue
    from engines.types.datasets.looking import Review

Record = dict[str, "JsonValue"]


@dataclass(frozen=True, slots=True)
class RecordShape:
    """The form of the records in one export."""

    dataset: str
    include_metadata: bool
    include_annotations: bool
    name_of: Callable[[DatasetRecord], str]
    """`file_name` of a record."""
    split_of: Callable[[str], str | None]
    labels: tuple[str, ...] = ()
    """Labels that get a column each."""


def relative_to(output_key: str, dataset_key: str) -> Callable[[DatasetRecord], str]:
    """A function from a record to the image's path relative to the folder of `output_key`."""
    folder = posixpath.relpath(dataset_key, posixpath.dirname(output_key) or ".")
    return lambda record: f"{folder}/{record.name}"


def make_record(
    shape: RecordShape,
    found: DatasetRecord,
    facts: FileFacts,
    annotations: Mapping[str, JsonValue],
) -> Record:
    """A record with every column of its shape, in order. Unknown values are null."""
    record: Record = {
        "id": found.image_id,
        "file_name": shape.name_of(found),
        "image_path": found.name,
        "dataset": shape.dataset,
        "split": shape.split_of(found.image_id),
        "format": facts.format,
        "width": facts.width,
        "height": facts.height,
        "size_bytes": found.stat.size_bytes,
        "sha256": facts.sha256,
        "created_at": _iso(created_at(found)),
    }
    if shape.include_metadata:
        _add_recipe(record, found, shape.labels)
        record["quality"] = _verdict(found.quality)
        record["privacy"] = _verdict(found.privacy)
        record["review"] = _review(found.review)
        record["metadata"] = _metadata(found)
    if shape.include_annotations:
        record["annotations"] = (
            {kind: annotations.get(kind) for kind in ("coco", "yolo", "voc")}
            if annotations
            else None
        )
    return record


def created_at(found: DatasetRecord) -> datetime:
    """When the image was made; for an uploaded image, when its file was written."""
    return found.recipe.created_at if found.recipe else found.stat.modified_at


def _metadata(found: DatasetRecord) -> JsonValue:
    """The request's metadata, or the JSON found beside the image."""
    if found.description is not None:
        return {"origin": "uploaded"}
    given = found.recipe.metadata if found.recipe is not None else {}
    if not given and found.metadata is None:
        return None
    return {**given, **(found.metadata or {})}


def _add_recipe(record: Record, found: DatasetRecord, labels: tuple[str, ...]) -> None:
    recipe = found.recipe
    if recipe is None:
        record |= dict.fromkeys(_RECIPE_COLUMNS)
        record["prompt"] = found.prompt
        record["labels"] = None if found.description is None else dict(found.labels)
        add_label_columns(record, labels, record["labels"])
        return
    record["prompt"] = recipe.prompt
    record["negative_prompt"] = recipe.negative_prompt
    record["labels"] = dict(recipe.labels)
    add_label_columns(record, labels, record["labels"])
    record["served_model"] = recipe.served_model
    record["revision"] = recipe.revision
    record["noise_scheduler"] = recipe.noise_scheduler
    record["parameters"] = recipe.parameters.as_dict()
    record["pixel_sha256"] = recipe.pixel_sha256
    record["safety"] = dict(recipe.safety)
    record["library_versions"] = dict(recipe.library_versions)
    record["notes"] = list(recipe.notes)


_RECIPE_COLUMNS = (
    "prompt",
    "negative_prompt",
    "labels",
    "served_model",
    "revision",
    "noise_scheduler",
    "parameters",
    "pixel_sha256",
    "safety",
    "library_versions",
    "notes",
)


def _verdict(verdict: Verdict | None) -> JsonValue:
    if verdict is None:
        return None
    return {
        "passed": verdict.passed,
        "score": float(verdict.score),
        "validator_version": verdict.validator_version,
        "judged_at": _iso(verdict.judged_at),
        "findings": dict(verdict.findings),
    }


def _review(review: Review | None) -> JsonValue:
    """The review without the reviewer's name, which is not exported."""
    if review is None:
        return None
    return {
        "decision": review.decision,
        "rating": review.rating or None,
        "tags": list(review.tags),
        "reviewed_at": None if review.reviewed_at is None else _iso(review.reviewed_at),
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
