"""Write annotations in the COCO format (https://cocodataset.org/#format-data).

Each label of an image becomes an annotation that covers the whole image, with the label's value as
category and the label's name as supercategory. Annotations in a file beside the image
(`<id>.coco.json`) are included.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, BinaryIO, cast

import orjson

from engines.datasets.records.record import Record

if TYPE_CHECKING:
    from engines.datasets.writers.encoding.class_table import ClassTable
    from engines.datasets.writers.hashed_file import HashedFile
    from engines.errors import JsonValue

_SPOOL_BYTES = 8 * 2**20
_Category = tuple[str, str]
"""Supercategory and name."""


class CocoEncoder:
    """Writes each image to the file immediately. Collects annotations in a temporary file, because
    in the JSON object they follow the images."""

    def __init__(self, file: HashedFile, table: ClassTable) -> None:
        self._file, self._table = file, table
        self._spool = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115 - until the end
        self._images = self._annotations = 0
        self._categories: dict[_Category, int] = {}
        for label, values in table.classes.items():
            for value in values:
                self._category((label, value))
        self._file.write(b'{"info":{"description":"Inferloop Synthetic Images"},"images":[')

    def add(self, record: Record, content: bytes | None) -> None:
        self._images += 1
        image: dict[str, JsonValue] = {
            "id": self._images,
            "file_name": record["file_name"],
            "width": record["width"],
            "height": record["height"],
            "date_captured": record["created_at"],
        }
        if record.get("review") is not None:
            image["review"] = record["review"]
        self._file.write((b",\n" if self._images > 1 else b"\n") + orjson.dumps(image))
        for annotation in (*self._labels(record), *self._own(record)):
            self._annotate(annotation)

    def finish(self) -> None:
        self._file.write(b'\n],"annotations":[')
        self._spool.seek(0)
        shutil.copyfileobj(cast("BinaryIO", self._spool), self._file)
        categories = [
            {"id": number, "name": name, "supercategory": label}
            for (label, name), number in self._categories.items()
        ]
        self._file.write(b'\n],"categories":' + orjson.dumps(categories) + b"}\n")
        self._spool.close()

    def abandon(self) -> None:
        self._spool.close()

    def _labels(self, record: Record) -> Iterator[dict[str, JsonValue]]:
        """Annotations for the record's labels, over the whole image."""
        labels, width, height = record.get("labels"), record["width"], record["height"]
        area = width * height if isinstance(width, int) and isinstance(height, int) else 0
        for name, value in labels.items() if isinstance(labels, dict) else ():
            box: JsonValue = [0, 0, width, height]
            category = self._category((name, str(value)))
            yield {"category_id": category, "bbox": box, "area": area, "segmentation": []}

    def _own(self, record: Record) -> Iterator[dict[str, JsonValue]]:
        """The annotations from the file beside the image, without entries that are not valid."""
        beside = record.get("annotations")
        found = beside.get("coco") if isinstance(beside, dict) else None
        if not isinstance(found, dict):
            return
        names = dict(_named(found.get("categories")))
        for annotation in _objects(found.get("annotations")):
            category = names.get(annotation.get("category_id"))
            if category is not None:
                yield {**annotation, "category_id": self._category(category)}

    def _annotate(self, annotation: Mapping[str, JsonValue]) -> None:
        self._annotations += 1
        own = {"id": self._annotations, "image_id": self._images}
        line = orjson.dumps({"iscrowd": 0, **annotation, **own})
        self._spool.write((b",\n" if self._annotations > 1 else b"\n") + line)

    def _category(self, category: _Category) -> int:
        return self._categories.setdefault(category, len(self._categories) + 1)


def _objects(value: JsonValue) -> Iterator[dict[str, JsonValue]]:
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict):
            yield each


def _named(categories: JsonValue) -> Iterator[tuple[JsonValue, _Category]]:
    for category in _objects(categories):
        number, name = category.get("id"), category.get("name")
        if isinstance(name, str) and isinstance(number, int):
            above = category.get("supercategory")
            yield number, (above if isinstance(above, str) else "", name)
