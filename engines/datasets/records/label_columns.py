"""Columns for the labels of a dataset, in addition to the JSON object `labels`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engines.datasets.records.schema import Column, columns

if TYPE_CHECKING:
    from engines.errors import JsonValue
    from engines.types.datasets.labels import Classes

PREFIX = "label_"


def labeled_columns(
    classes: Classes, include_metadata: bool = True, include_annotations: bool = True
) -> tuple[Column, ...]:
    """The columns of one export of a dataset with these labels, in order."""
    table: list[Column] = []
    for column in columns(include_metadata, include_annotations):
        table.append(column)
        if column.name == "labels":
            table += [_column(name, values) for name, values in classes.items()]
    return tuple(table)


def add_label_columns(
    record: dict[str, JsonValue], names: tuple[str, ...], labels: JsonValue
) -> None:
    """Add a column with the value of each label in `names`; null if the image does not have it."""
    known = labels if isinstance(labels, dict) else {}
    for name in names:
        record[PREFIX + name] = known.get(name)


def _column(name: str, values: tuple[str, ...]) -> Column:
    return Column(
        PREFIX + name,
        "class" if values else "string",
        f"The label {name}; null if the image has none",
        "metadata",
        classes=values,
    )
