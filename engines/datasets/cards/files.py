"""Write the card's files beside an export.

Their names begin with the export's name, so that two exports in one folder have separate cards. The
card of the last export is also written as the folder's `README.md`, which `load_dataset(folder)`
reads. A folder of shards has its card inside.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from datetime import datetime
from glob import escape
from typing import TYPE_CHECKING

import orjson

from engines.datasets.cards.card import CardFacts, readme
from engines.datasets.cards.croissant import croissant
from engines.datasets.records.features import card_features, hf_features
from engines.datasets.writers.encoding.csv_file import flat_columns
from engines.datasets.writers.encoding.encoders import IMAGE_MEMBER
from engines.datasets.writers.files import by_split
from engines.datasets.writers.formats import ENCODINGS
from engines.errors import NotFound

if TYPE_CHECKING:
    from engines.datasets.records.schema import Column
    from engines.datasets.writers.encoding.class_table import ClassTable
    from engines.datasets.writers.model import Tally, WrittenFile
    from engines.errors import JsonValue
    from engines.protocols import Storage
    from engines.types import ExportRequest


_OWN_SHAPE = ("coco", "imagefolder")
"""Formats with a fixed structure; their cards do not describe columns."""


def write_cards(
    storage: Storage,
    request: ExportRequest,
    table: ClassTable,
    files: Sequence[WrittenFile],
    tally: Tally,
    created_at: datetime,
) -> None:
    """Write `README.md`, `croissant.json` and, for JSONL, the types for `datasets`."""
    folder, _, name = request.output_key.rpartition("/")
    encoding = ENCODINGS[request.format]
    columns = _columns(request, table)
    facts = CardFacts(
        dataset=request.dataset_key.rpartition("/")[2],
        title=name,
        files=tuple(files),
        columns=columns,
        encoding=encoding,
        features=_features(request, columns, table),
        tally=tally,
        created_at=created_at,
        loading=_loading(request, name),
        data_files=[] if request.format in _OWN_SHAPE else data_files(files),
    )
    card = readme(facts)
    in_folder = request.format == "webdataset"
    stem = request.output_key + ("/" if in_folder else ".")
    storage.replace(f"{stem}README.md", card)
    storage.replace(f"{stem}croissant.json", croissant(facts))
    if not in_folder and request.format not in _OWN_SHAPE:
        storage.replace(f"{folder}/README.md", card)
    if request.format == "jsonl":
        features = orjson.dumps(hf_features(columns, encoding))
        storage.replace(f"{stem}features.json", features)


def data_files(files: Sequence[WrittenFile]) -> JsonValue:
    """`data_files` of the card's `configs`: every file under its split, by exact name."""
    return [
        {"split": _split_name(split), "path": [escape(name) for name in names]}
        for split, names in by_split(files).items()
    ]


def files_of_card(storage: Storage, output_key: str) -> list[str]:
    """Keys of the files that the last export to `output_key` wrote, as its card lists them; none
    without a card."""
    folder, _, name = output_key.rpartition("/")
    stem = posixpath.splitext(name)[0]
    try:
        card = orjson.loads(storage.read(f"{output_key}.croissant.json"))
        names = [str(file["contentUrl"]) for file in card["distribution"]]
    except (NotFound, ValueError, KeyError, TypeError):
        return []
    return [f"{folder}/{n}" for n in names if n.startswith(stem) and "/" not in n]


def _split_name(split: str) -> str:
    """The name in a form that `datasets` accepts: letters, digits and underscores."""
    return re.sub(r"\W", "_", split)


def _columns(request: ExportRequest, table: ClassTable) -> tuple[Column, ...]:
    """The columns of the export's tables; none for formats in `_OWN_SHAPE`."""
    if request.format in _OWN_SHAPE:
        return ()
    columns = table.columns(request)
    return flat_columns(columns) if request.format == "csv" else columns


def _features(
    request: ExportRequest, table: tuple[Column, ...], labels: ClassTable
) -> list[JsonValue]:
    columns = card_features(table, ENCODINGS[request.format])
    if request.format == "jsonl":
        return columns
    if request.format == "parquet":
        return [{"name": "image", "dtype": "image"}, *columns]
    if request.format in ("csv", *_OWN_SHAPE):  # Readers infer the columns.
        return []
    caption: list[JsonValue] = [{"name": "txt", "dtype": "string"}]
    return [
        {"name": IMAGE_MEMBER, "dtype": "image"},
        *(caption if request.include_metadata else []),
        *([_class_feature("cls", labels)] if labels.name is not None else []),
        {"name": "json", "struct": columns},
        {"name": "__key__", "dtype": "string"},
        {"name": "__url__", "dtype": "string"},
    ]


def _class_feature(name: str, labels: ClassTable) -> JsonValue:
    names: JsonValue = {str(number): value for number, value in enumerate(labels.values)}
    return {"name": name, "dtype": {"class_label": {"names": names}}}


def _loading(request: ExportRequest, name: str) -> str:
    quoted = repr(name)
    if request.splits and request.format != "webdataset":
        return "datasets.load_dataset(folder)  # of this card, as README.md; every split"
    if request.format == "csv":
        return f'datasets.load_dataset("csv", data_files={quoted})'
    if request.format == "imagefolder":
        return 'datasets.load_dataset("imagefolder", data_dir=...)  # of the unpacked files'
    if request.format == "coco":
        return f"pycocotools.coco.COCO({quoted})"
    if request.format == "parquet":
        return f'datasets.load_dataset("parquet", data_files={quoted})'
    if request.format == "webdataset":
        return (
            f"datasets.load_dataset({quoted})  # or webdataset.WebDataset of manifest.json's shards"
        )
    return (
        f"features = datasets.Features.from_dict(json.load(open({name + '.features.json'!r})))\n"
        f'datasets.load_dataset("json", data_files={quoted}, features=features)'
    )
