"""The record schema of all exports and batch jobs.

The types in JSONL, Parquet, WebDataset and Croissant are derived from it, and the table in
docs/dataset_format.md is tested against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Part = Literal["identity", "metadata", "annotations"]
ValueType = Literal["string", "int64", "float64", "bool", "strings", "json", "class"]
"""`strings`: a list of strings. `json`: an object without fixed fields (see `features.Encoding`).
`class`: one of the column's `classes`. Numbers and bools outside structs are never null."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; with `fields`, a struct."""

    name: str
    type: ValueType
    description: str
    part: Part = "identity"
    fields: tuple[Column, ...] = ()
    classes: tuple[str, ...] = ()
    """Values of a column of type `class`, in the order of their numbers."""


def _verdict(name: str, range_: str) -> Column:
    return Column(
        name,
        "json",
        f"Verdict on {name}; null if not judged",
        "metadata",
        (
            Column("passed", "bool", "Whether it passed"),
            Column("score", "float64", f"Score, {range_}"),
            Column("validator_version", "string", "Validator, with its version and thresholds"),
            Column("judged_at", "string", "When it was judged, ISO 8601, UTC"),
            Column("findings", "json", "The rest of the validator's report"),
        ),
    )


_PARAMETERS = (
    Column("model_id", "string", "Requested model"),
    Column("width", "int64", "Requested width, pixels"),
    Column("height", "int64", "Requested height, pixels"),
    Column("num_inference_steps", "int64", "Denoising steps"),
    Column("guidance_scale", "float64", "Classifier-free guidance scale"),
    Column("seed", "int64", "Seed of the noise"),
    Column("profile", "string", "Profile to which the colors were matched"),
    Column("profile_strength", "float64", "Strength of the matching, 0..1"),
    Column("lora", "string", "Adapter (LoRA)"),
    Column(
        "guidance_rescale", "float64", "Share of guidance's extra contrast that was removed, 0..1"
    ),
    Column("speed", "string", "Requested speed mode: exact, balanced or fast"),
)

_REVIEW = (
    Column("decision", "string", "accepted or rejected; null if undecided"),
    Column("rating", "int64", "1..5; null if not rated"),
    Column("tags", "strings", "Tags, ordered by name"),
    Column("reviewed_at", "string", "When it was last changed, ISO 8601, UTC"),
)

COLUMNS: tuple[Column, ...] = (
    Column("id", "string", "Stable id: path below the dataset, without suffix"),
    Column("file_name", "string", "Image, relative to the folder of this file, POSIX"),
    Column("image_path", "string", "Image, relative to its dataset"),
    Column("dataset", "string", "Name of the dataset"),
    Column("split", "string", "Split; null if the export has no splits"),
    Column("format", "string", "PNG, JPEG, ..."),
    Column("width", "int64", "Width after EXIF rotation, pixels"),
    Column("height", "int64", "Height after EXIF rotation, pixels"),
    Column("size_bytes", "int64", "Size of the image file, bytes"),
    Column("sha256", "string", "SHA-256 of the image file, hex"),
    Column(
        "created_at",
        "string",
        "When it was generated; else when its file was written; ISO 8601, UTC",
    ),
    Column("prompt", "string", "Prompt", "metadata"),
    Column("negative_prompt", "string", "Negative prompt; null if none", "metadata"),
    Column("labels", "json", "Labels: name to value", "metadata"),
    Column("served_model", "string", "Model that made the image", "metadata"),
    Column("revision", "string", "Commit or digest of the weights", "metadata"),
    Column("noise_scheduler", "string", "Class of the noise scheduler", "metadata"),
    Column("parameters", "json", "Parameters of the generation", "metadata", _PARAMETERS),
    Column("pixel_sha256", "string", "SHA-256 of the RGB bytes row by row, hex", "metadata"),
    Column("safety", "json", "Verdict of the model's safety checker", "metadata"),
    Column("library_versions", "json", "Versions of the libraries that made it", "metadata"),
    Column("notes", "strings", "Remarks, such as that another model was used", "metadata"),
    _verdict("quality", "0..1"),
    _verdict("privacy", "0..100"),
    Column(
        "review",
        "json",
        "Reviewers' decision, rating and tags; null without a review",
        "metadata",
        _REVIEW,
    ),
    Column(
        "metadata",
        "json",
        "JSON of the request, of a file beside the image, or of a batch job's columns",
        "metadata",
    ),
    Column(
        "annotations",
        "json",
        "Annotations found beside the image; null if none",
        "annotations",
        (
            Column("coco", "json", "COCO, from <id>.coco.json"),
            Column("yolo", "string", "YOLO, from <id>.txt"),
            Column("voc", "string", "Pascal VOC, from <id>.xml"),
        ),
    ),
)


def columns(include_metadata: bool = True, include_annotations: bool = True) -> tuple[Column, ...]:
    """The columns of one export, in order."""
    wanted = {"identity"}
    wanted |= {"metadata"} if include_metadata else set()
    wanted |= {"annotations"} if include_annotations else set()
    return tuple(column for column in COLUMNS if column.part in wanted)


def leaves(columns: tuple[Column, ...], prefix: str = "") -> Iterator[tuple[str, Column]]:
    """Every column that is not a struct, with its dotted path."""
    for column in columns:
        if column.fields:
            yield from leaves(column.fields, f"{prefix}{column.name}.")
        else:
            yield f"{prefix}{column.name}", column
