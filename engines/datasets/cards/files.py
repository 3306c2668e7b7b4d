"""The card's files, beside each export. Their names carry the export's, so that two exports in
one folder keep their own cards; a folder of shards has them inside."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from engines.datasets.cards.card import CardFacts, readme
from engines.datasets.cards.croissant import croissant
from engines.datasets.records.features import hf_features

if TYPE_CHECKING:
    from engines.datasets.records.schema import Column
    from engines.datasets.writers.model import Tally, WrittenFile
    from engines.errors import JsonValue
    from engines.protocols import Storage
    from engines.types import ExportRequest


def write_cards(
    storage: Storage,
    request: ExportRequest,
    table: tuple[Column, ...],
    files: Sequence[WrittenFile],
    tally: Tally,
    created_at: datetime,
) -> None:
    """Write `README.md`, `croissant.json` and, for JSONL, the types for `datasets`."""
    name = posixpath.basename(request.output_key)
    facts = CardFacts(
        dataset=request.dataset_key.rpartition("/")[2],
        title=name,
        files=tuple(files),
        columns=table,
        tally=tally,
        created_at=created_at,
        loading=_loading(request.format, name),
        data_files=_data_files(request, name, files),
    )
    stem = request.output_key + ("/" if request.format == "webdataset" else ".")
    storage.replace(f"{stem}README.md", readme(facts))
    storage.replace(f"{stem}croissant.json", croissant(facts))
    if request.format == "jsonl":
        features = orjson.dumps(hf_features(table, json_as_text=False))
        storage.replace(f"{stem}features.json", features)


def _data_files(request: ExportRequest, name: str, files: Sequence[WrittenFile]) -> JsonValue:
    if request.format != "webdataset":
        return name
    splits = sorted({posixpath.basename(file.name).rpartition("-")[0] for file in files})
    run = posixpath.dirname(files[0].name) if files else "run-none"
    patterns: list[JsonValue] = [
        {"split": split if request.splits else "train", "path": f"{run}/{split}-*.tar"}
        for split in splits
    ]
    return patterns


def _loading(format_: str, name: str) -> str:
    quoted = repr(name)
    if format_ == "parquet":
        return f'datasets.load_dataset("parquet", data_files={quoted})'
    if format_ == "webdataset":
        return (
            f"datasets.load_dataset({quoted})  # or webdataset.WebDataset of manifest.json's shards"
        )
    return (
        f"features = datasets.Features.from_dict(json.load(open({name + '.features.json'!r})))\n"
        f'datasets.load_dataset("json", data_files={quoted}, features=features)'
    )
