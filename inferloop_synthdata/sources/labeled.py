"""Finds local images and their labels for an upload: from folder names, or from a table."""

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
"""File names of the table in a folder, the same as for `imagefolder` of Hugging Face `datasets`."""
FILE_NAME, PROMPTS, LABELS = "file_name", ("prompt", "text"), "labels"
"""Columns of the table: path of the image relative to the table's folder; prompt (two possible
names); an object of labels (in JSONL)."""


@dataclass(frozen=True, slots=True)
class LabeledPicture:
    """A local image file with its labels and its prompt."""

    file: Path
    labels: Mapping[str, str] = field(default_factory=dict)
    """Name of each label to its value."""
    prompt: str | None = None
    """A text that says what the image shows."""


def labeled_pictures(
    folder: str | Path,
    *,
    label: str = "label",
    labels: Mapping[str, str] | None = None,
    table: str | Path | None = None,
    left_out: Callable[[str], None] = lambda name: None,
) -> list[LabeledPicture]:
    """The images below a local folder with their labels. Blocks.

    With a table (`table`, a CSV or JSONL file; if None, `metadata.csv` or `metadata.jsonl` in the
    folder), each row is one image, in the order of the rows: `file_name`, `prompt` (or `text`), and
    every other column is a label. An empty cell means that the image does not have this label.

    Without a table, the images are ordered by path, and the name of the first folder below `folder`
    is the value of the label called `label`: `pets/fox/1.jpg` in `pets` has {"label": "fox"}. For
    files that are not images, `left_out` is called with the path relative to `folder`.

    `labels` are added to every image. An image's own value of the same label takes precedence.

    Raises:
        ValueError: a column name is repeated, a line is not a JSON object, a row has no
            `file_name`, or its file is not below the table's folder.
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
            raise ValueError(f"{table.name}: row {number}: no such file in the folder: {name}")
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
            raise ValueError(f"{table.name}: the column name {twice[0]!r} is repeated")
        # DictReader puts the extra cells of a row that is too long under the key None.
        return [{k: v for k, v in row.items() if k is not None} for row in rows]
    parsed = [read_json(line) for line in text.split("\n") if line.strip()]
    if not all(isinstance(row, dict) for row in parsed):
        raise ValueError(f"{table.name}: each line must be a JSON object")
    return parsed
