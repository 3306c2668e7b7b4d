"""The labels of a dataset and how often each value occurs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from engines.errors import InvalidParameters
from engines.types.datasets.labels import MAX_CLASSES, Classes

if TYPE_CHECKING:
    from engines.datasets.records.reading import DatasetRecord

UNLABELED = -1
"""Class number of an image without the label."""
_PREFERRED = ("label", "class")


class LabelCounts:
    """Counts how often each value of each label occurs."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, int] | None] = {}

    def add(self, labels: Mapping[str, str]) -> None:
        """Count one image."""
        for name, value in labels.items():
            counts = self._counts.setdefault(name, {})
            if counts is None:
                continue
            counts[value] = counts.get(value, 0) + 1
            if len(counts) > MAX_CLASSES:
                self._counts[name] = None

    def counts(self) -> dict[str, dict[str, int]]:
        """Label to value to count, ordered, without labels that have more than `MAX_CLASSES`
        values."""
        found = {n: dict(sorted(c.items())) for n, c in self._counts.items() if c is not None}
        return dict(sorted(found.items()))

    def classes(self) -> Classes:
        """Every label with its ordered values."""
        return {name: tuple(sorted(c or ())) for name, c in sorted(self._counts.items())}


def classes_of(records: Iterable[DatasetRecord]) -> Classes:
    """The labels and values of these records."""
    counts = LabelCounts()
    for record in records:
        counts.add(record.labels)
    return counts.classes()


def choose_class(classes: Classes, wanted: str | None) -> str | None:
    """The label that is the class in formats with one class per image: `wanted` if given, else
    "label" or "class", else the first by name. None if the dataset has no labels.

    Raises:
        InvalidParameters: the dataset has no label `wanted`, or it has too many values.
    """
    usable = [name for name, values in classes.items() if values]
    if wanted is None:
        return next((name for name in (*_PREFERRED, *usable) if name in usable), None)
    if wanted not in usable:
        known = ", ".join(usable) or "none"
        constraint = f"a label of the dataset with at most {MAX_CLASSES} values: {known}"
        raise InvalidParameters.of("class_label", wanted, constraint, f"must be {constraint}")
    return wanted


def class_number(classes: Classes, name: str | None, labels: Mapping[str, str]) -> int:
    """The class number of an image; `UNLABELED` if it does not have the label."""
    value = labels.get(name or "")
    return classes[name].index(value) if name and value in classes[name] else UNLABELED
