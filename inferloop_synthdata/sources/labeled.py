"""Local pictures with labels, on their way into a dataset: from folders, or from a table."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import cast

from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.sources.images import folder_images
from inferloop_synthdata.unique_keys import read_json

TABLES = ("metadata.csv", "metadata.jsonl")
"""Names under which a folder's own table is found, as Hugging Face's `imagefolder` has them."""
FILE_NAME, PROMPTS, LABELS = "file_name", ("prompt", "text"), "labels"
"""Columns: the picture, below the table's folder; what it shows; an object of labels (JSONL)."""


@dataclass(frozen=True, slots=True)
class LabeledPicture:
    """A local file, and what is said of it."""

    file: Path
    labels: Mapping[str, str] = field(default_factory=dict)
    prompt: str | None = None


def labeled_pictures(
    folder: str | Path,
    *,
    label: str = "label",
    labels: Mapping[str, str] | None = None,
    table: str | Path | None = None,
    left_out: Callable[[str], None] = lambda name: None,
) -> list[LabeledPicture]:
    """The pictures below a local folder, ordered by path, with their labels.

    Where there is a `table` (a CSV or JSONL file, else the folder's own `metadata.csv` or
    `metadata.jsonl`), its rows say which: `file_name`, `prompt` (or `text`), and each other column
    is a label; empty means none. Without one, the first folder below `folder` is the value of the
    label `label`: `pets/fox/1.jpg` is {"label": "fox"}. `labels` are those of all pictures; a
    picture's own go before. `left_out` is told what else is no picture. Blocks.

    Raises:
        ValueError: a row of the table has no `file_name`, or names what is not below the folder.
        OSError: the folder or the table cannot be read.
    """
    root = Path(folder)
    if not root.is_dir():
        raise NotADirectoryError(f"not a folder: {root}")
    found = _table_of(root) if table is None else Path(table)
    if found is not None:
        pictures = list(_of_table(found))
    else:
        images = (Path(cast("Path", each.content)) for each in folder_images(root, left_out))
        pictures = [LabeledPicture(file, _of_folder(root, file, label)) for file in images]
    shared = dict(labels or {})
    return [LabeledPicture(p.file, {**shared, **p.labels}, p.prompt) for p in pictures]


def _table_of(root: Path) -> Path | None:
    return next((root / name for name in TABLES if (root / name).is_file()), None)


def _of_folder(root: Path, file: Path, label: str) -> dict[str, str]:
    inside = file.relative_to(root)
    return {label: inside.parts[0]} if len(inside.parts) > 1 else {}


def _of_table(table: Path) -> Iterator[LabeledPicture]:
    for number, row in enumerate(_rows(table), 1):
        name = row.get(FILE_NAME)
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"{table.name}: row {number} has no {FILE_NAME}")
        inside = PurePosixPath(name)
        file = table.parent / inside
        if inside.is_absolute() or ".." in inside.parts or not file.is_file():
            raise ValueError(f"{table.name}: row {number} names no file of the folder: {name}")
        prompt = next((str(row[each]) for each in PROMPTS if row.get(each)), None)
        yield LabeledPicture(file, _labels(row), prompt)


def _labels(row: Mapping[str, JsonValue]) -> dict[str, str]:
    inner = row.get(LABELS)
    nested: Mapping[str, JsonValue] = inner if isinstance(inner, dict) else {}
    told = {**{n: v for n, v in row.items() if n not in (FILE_NAME, *PROMPTS, LABELS)}, **nested}
    return {name: str(value) for name, value in told.items() if value not in (None, "")}


def _rows(table: Path) -> Iterable[Mapping[str, JsonValue]]:
    text = table.read_text(encoding="utf-8-sig")
    if table.suffix.lower() != ".jsonl":
        rows = csv.DictReader(text.splitlines(keepends=True))
        twice = [name for name, times in Counter(rows.fieldnames or ()).items() if times > 1]
        if twice:
            raise ValueError(f"{table.name}: the column {twice[0]!r} is there twice")
        # A row that is too long has its rest under None.
        return [{k: v for k, v in row.items() if k is not None} for row in rows]
    parsed = [read_json(line) for line in text.split("\n") if line.strip()]
    if not all(isinstance(row, dict) for row in parsed):
        raise ValueError(f"{table.name}: each line must be a JSON object")
    return parsed
