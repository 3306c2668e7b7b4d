"""The labels in an export: their columns, and the label that is used as the class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engines.datasets.labels import UNLABELED, choose_class
from engines.datasets.records.label_columns import labeled_columns
from engines.errors import InvalidParameters
from engines.types import ExportRequest

if TYPE_CHECKING:
    from engines.datasets.records.record import Record
    from engines.datasets.records.schema import Column
    from engines.types.datasets.labels import Classes


@dataclass(frozen=True, slots=True)
class ClassTable:
    """The labels of one export."""

    classes: Classes
    name: str | None = None
    """The label that is used as the class; None if there is none."""

    @property
    def names(self) -> tuple[str, ...]:
        """All labels, in order."""
        return tuple(self.classes)

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the class, in the order of their numbers."""
        return self.classes[self.name] if self.name else ()

    def columns(self, request: ExportRequest) -> tuple[Column, ...]:
        """The columns of the export's records."""
        return labeled_columns(self.classes, request.include_metadata, request.include_annotations)

    def value_of(self, record: Record) -> str | None:
        """The class of a record; None if it has none."""
        labels = record.get("labels")
        value = labels.get(self.name or "") if isinstance(labels, dict) else None
        return value if isinstance(value, str) else None

    def number_of(self, record: Record) -> int:
        """The number of the record's class; `UNLABELED` if it has none."""
        value = self.value_of(record)
        return UNLABELED if value is None or not self.name else self.values.index(value)


def class_table(request: ExportRequest, classes: Classes) -> ClassTable:
    """The label table of an export.

    Raises:
        InvalidParameters: the dataset does not have the requested label, or has no labels and the
            format needs one.
    """
    if request.format == "webdataset" and not request.include_metadata:
        return ClassTable(classes)
    table = ClassTable(classes, choose_class(classes, request.class_label))
    if request.format == "imagefolder" and table.name is None:
        constraint = "a label of the dataset"
        reason = "must be a label, because it names the folders; the dataset has no labels"
        raise InvalidParameters.of("class_label", None, constraint, reason)
    return table


def with_class_only(request: ExportRequest, table: ClassTable) -> ExportRequest:
    """The request; for `imagefolder`, changed to include only images that have the class label."""
    name = table.name
    if request.format != "imagefolder" or name is None or name in request.filter.labels:
        return request
    labels = {**request.filter.labels, name: table.values}
    return replace(request, filter=replace(request.filter, labels=labels))
