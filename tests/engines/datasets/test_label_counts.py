"""Which labels are classes, and which one a format with room for one takes."""

from __future__ import annotations

import pytest

from engines.datasets.labels import LabelCounts, choose_class
from engines.errors import InvalidParameters
from engines.types.datasets.labels import MAX_CLASSES


def test_values_are_classes_in_order_whatever_the_order_of_the_images() -> None:
    counts = LabelCounts()
    for value in ("fox", "cat", "fox"):
        counts.add({"animal": value})
    assert counts.classes() == {"animal": ("cat", "fox")}
    assert counts.counts() == {"animal": {"cat": 1, "fox": 2}}


def test_a_label_of_too_many_values_is_plain_text() -> None:
    counts = LabelCounts()
    for number in range(MAX_CLASSES + 5):
        counts.add({"serial": str(number), "kind": "a"})
    assert counts.classes() == {"kind": ("a",), "serial": ()}
    assert counts.counts() == {"kind": {"a": MAX_CLASSES + 5}}
    assert choose_class(counts.classes(), None) == "kind"
    with pytest.raises(InvalidParameters):
        choose_class(counts.classes(), "serial")


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        ((), None),
        (("animal",), "animal"),
        (("season", "animal"), "season"),
        (("animal", "class"), "class"),
        (("class", "label"), "label"),
    ],
)
def test_the_class_is_the_label_called_so_or_the_first(
    labels: tuple[str, ...], chosen: str | None
) -> None:
    assert choose_class(dict.fromkeys(labels, ("a", "b")), None) == chosen
