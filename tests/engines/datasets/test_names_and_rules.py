"""Names of a dataset's files, which records an export takes, and classes of labels."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from engines.datasets.labels import (
    UNLABELED,
    LabelCounts,
    choose_class,
    class_number,
    classes_of,
)
from engines.datasets.selection import by_cluster, missed, splitter
from engines.datasets.store.layout import (
    classify,
    dataset_key,
    dataset_of,
    image_key,
    is_area,
    review_key,
    sidecar_key,
    stem_of,
    verdict_key,
)
from engines.errors import InvalidParameters
from engines.types import ExportFilter
from engines.types.datasets.labels import MAX_CLASSES
from engines.types.datasets.looking import Review
from tests.engines.evidence.records import NOW, privacy, quality, recipe, record

# Names


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a.png", ("a", "image")),
        ("A.JPG", ("A", "image")),
        ("x/a.b.webp", ("x/a.b", "image")),
        ("a.json", ("a", "recipe")),
        ("a.png.json", ("a.png", "recipe")),
        ("a.png.quality.json", ("a.png", "quality")),
        ("a.png.PRIVACY.JSON", ("a.png", "privacy")),
        ("a.review.json", ("a", "review")),
        ("a.coco.json", ("a", "coco")),
        ("a.txt", ("a", "yolo")),
        ("a.xml", ("a", "voc")),
        ("quality.json", ("quality", "recipe")),
        (".quality.json", None),
        (".png", None),
        ("x/.hidden/a.png", None),
        ("a", None),
        ("", None),
        ("a.bin", None),
        ("a.other.json", ("a.other", "recipe")),
    ],
)
def test_a_file_is_told_by_its_name(name: str, found: Any) -> None:
    assert classify(name) == found


@pytest.mark.parametrize("kind", ["quality", "privacy"])
def test_what_lies_beside_an_image_is_told_to_be_its_own(kind: Any) -> None:
    for image in ("a.png", "x/a.b.jpg", "鳥.webp"):
        assert classify(verdict_key(image, kind)) == (image, kind)
        assert classify(review_key(image)) == (image, "review")


@pytest.mark.parametrize(
    ("key", "beside"),
    [
        ("generated/a.png", "generated/a.json"),
        ("a.png", "a.json"),
        ("generated/x.y/a", "generated/x.y/a.json"),
        ("generated/a.b.png", "generated/a.b.json"),
    ],
)
def test_a_neighbor_has_the_name_without_the_suffix(key: str, beside: str) -> None:
    assert sidecar_key(key, ".json") == beside


@pytest.mark.parametrize(
    ("key", "folder"),
    [
        ("generated/a.png", "generated"),
        ("generated/birds/a.png", "generated/birds"),
        ("generated/birds/deep/a.png", "generated/birds"),
        ("uploads/x/a.png", "uploads/x"),
    ],
)
def test_an_image_is_of_the_first_folder_below_its_area(key: str, folder: str) -> None:
    assert dataset_of(key) == folder
    assert is_area(folder) == (folder == "generated")


def test_a_dataset_is_one_folder() -> None:
    assert dataset_key(None) == "generated"
    assert dataset_key("birds") == "generated/birds"
    assert image_key("image_1", "birds") == "generated/birds/image_1.png"
    assert image_key("image_1", None) == "generated/image_1.png"


@pytest.mark.parametrize("name", ["a/b", ".hidden", "..", ".", "", "a\\b", "a\x00b", "a/../b"])
def test_a_dataset_that_would_lie_elsewhere_is_refused(name: str) -> None:
    for ask in (dataset_key, lambda dataset: image_key("image_1", dataset)):
        with pytest.raises(InvalidParameters):
            ask(name)


@pytest.mark.parametrize("image_id", ["a/b", "/", "a\x00", "a\\b"])
def test_an_image_that_would_lie_elsewhere_is_refused(image_id: str) -> None:
    with pytest.raises(InvalidParameters):
        image_key(image_id, "birds")


@pytest.mark.parametrize(
    ("name", "stem"), [("a.png", "a"), ("a.b.JPG", "a.b"), ("notes.bin", "notes.bin"), ("a", "a")]
)
def test_the_stem_of_what_is_no_image_is_its_name(name: str, stem: str) -> None:
    assert stem_of(name) == stem


# Which records are taken

FOX = record(
    recipe=recipe(labels={"animal": "fox"}), quality=quality(0.8, True), privacy=privacy(100, True)
)


@pytest.mark.parametrize(
    ("wanted", "criterion"),
    [
        (ExportFilter(), None),
        (ExportFilter(quality_passed=True, privacy_passed=True), None),
        (ExportFilter(min_quality_score=0.8), None),
        (ExportFilter(min_quality_score=0.81), "min_quality_score"),
        (ExportFilter(since=NOW), None),
        (ExportFilter(since=NOW + timedelta(seconds=1)), "since"),
        (ExportFilter(labels={"animal": ("cat", "fox")}), None),
        (ExportFilter(labels={"animal": ("cat",)}), "labels"),
        (ExportFilter(labels={"animal": ("fox",), "place": ("wood",)}), "labels"),
        (ExportFilter(labels={"animal": ()}), "labels"),
        (ExportFilter(decision="accepted"), "decision"),
        (ExportFilter(decision="not_rejected"), None),
        (ExportFilter(min_rating=1), "min_rating"),
    ],
)
def test_a_record_is_taken_or_misses_a_criterion(
    wanted: ExportFilter, criterion: str | None
) -> None:
    assert missed(wanted, FOX) == criterion


@pytest.mark.parametrize(
    ("wanted", "criterion"),
    [
        (ExportFilter(quality_passed=True), "quality"),
        (ExportFilter(privacy_passed=True), "privacy"),
        (ExportFilter(min_quality_score=0.0), "min_quality_score"),
        (ExportFilter(labels={"animal": ("fox",)}), "labels"),
        (ExportFilter(since=NOW), None),
    ],
)
def test_what_was_not_judged_did_not_pass(wanted: ExportFilter, criterion: str | None) -> None:
    assert missed(wanted, record()) == criterion


@pytest.mark.parametrize(
    ("review", "accepted", "not_rejected"),
    [
        (Review(), "decision", None),
        (Review(decision="accepted"), None, None),
        (Review(decision="rejected"), "decision", "decision"),
    ],
)
def test_people_decide(review: Review, accepted: str | None, not_rejected: str | None) -> None:
    assert missed(ExportFilter(decision="accepted"), FOX._replace(review=review)) == accepted
    assert (
        missed(ExportFilter(decision="not_rejected"), FOX._replace(review=review)) == not_rejected
    )


def test_the_first_criterion_that_is_missed_is_told() -> None:
    every = ExportFilter(True, True, 0.5, NOW, {"animal": ("cat",)}, "accepted", 5)
    bare = record()
    order = []
    for changes in (
        {},
        {"quality": quality(0.1, True)},
        {"privacy": privacy(100, True)},
        {"quality": quality(0.9, True)},
        {"recipe": recipe(labels={"animal": "cat"})},
        {"review": Review(decision="accepted")},
        {"review": Review(5, (), "accepted")},
    ):
        bare = bare._replace(**changes)
        order.append(missed(every, bare))
    assert order == [
        *("quality", "privacy", "min_quality_score", "labels", "decision", "min_rating", None)
    ]


# Splits


@pytest.mark.parametrize(
    "splits",
    [
        {},
        {"": 1.0},
        {"train": 0.0, "test": 1.0},
        {"train": -0.5, "test": 1.5},
        {"train": float("nan")},
        {"train": float("inf")},
        {"train": 0.8, "test": 0.1},
        {"train": 0.8, "test": 0.3},
    ],
    ids=str,
)
def test_shares_that_are_no_whole_are_refused(splits: dict[str, float]) -> None:
    with pytest.raises(InvalidParameters, match="splits"):
        splitter(splits)


@pytest.mark.parametrize(
    "shares", [{"a": 1.0}, {"a": 0.8, "b": 0.2}, {"a": 0.5, "b": 0.25, "c": 0.25}]
)
def test_every_image_falls_into_one_split_by_its_share(shares: dict[str, float]) -> None:
    split_of = splitter(shares)
    counts = Counter(split_of(f"image_{n}") for n in range(4000))
    assert set(counts) == set(shares)
    for name, share in shares.items():
        assert counts[name] / 4000 == pytest.approx(share, abs=0.03)


def test_a_split_is_for_ever_and_does_not_depend_on_names() -> None:
    one, other = splitter({"train": 0.7, "test": 0.3}), splitter({"x": 0.7, "y": 0.3})
    renamed = {"train": "x", "test": "y"}
    for n in range(50):
        assert renamed[str(one(f"i{n}"))] == other(f"i{n}")
    assert splitter(None)("anything") is None


def test_a_cluster_is_never_on_both_sides() -> None:
    split_of = by_cluster(splitter({"a": 0.5, "b": 0.5}), {f"i{n}": "i0" for n in range(20)})
    assert len({split_of(f"i{n}") for n in range(20)}) == 1
    assert len({split_of(f"j{n}") for n in range(40)}) == 2


# Classes


def test_values_are_numbered_in_order_of_their_names() -> None:
    foxes = [record(recipe=recipe(labels={"animal": each})) for each in ("fox", "cat", "fox")]
    classes = classes_of([*foxes, record()])
    assert classes == {"animal": ("cat", "fox")}
    assert class_number(classes, "animal", {"animal": "fox"}) == 1
    for name, labels in (("animal", {}), ("animal", {"animal": "owl"}), (None, {"animal": "fox"})):
        assert class_number(classes, name, labels) == UNLABELED


@pytest.mark.parametrize(
    ("classes", "wanted", "chosen"),
    [
        ({}, None, None),
        ({"b": ("x",), "a": ("x",)}, None, "b"),
        ({"a": ("x",), "class": ("x",)}, None, "class"),
        ({"class": ("x",), "label": ("x",)}, None, "label"),
        ({"a": (), "b": ("x",)}, None, "b"),
        ({"a": ("x",), "label": ("x",)}, "a", "a"),
    ],
)
def test_a_format_with_room_for_one_label_takes_the_likeliest(
    classes: dict[str, tuple[str, ...]], wanted: str | None, chosen: str | None
) -> None:
    assert choose_class(classes, wanted) == chosen


@pytest.mark.parametrize("wanted", ["b", "", "a"])
def test_a_label_that_is_no_class_is_refused_with_those_that_are(wanted: str) -> None:
    with pytest.raises(InvalidParameters, match="class_label") as refused:
        choose_class({"a": (), "x": ("1",)}, wanted)
    assert "values: x" in str(refused.value.details["constraint"])


@pytest.mark.parametrize("values", [MAX_CLASSES, MAX_CLASSES + 1])
def test_a_label_of_too_many_values_is_plain_text(values: int) -> None:
    counts = LabelCounts()
    for n in range(values):
        counts.add({"title": f"v{n}", "animal": "fox"})
    counts.add({"title": "v0"})
    few = values <= MAX_CLASSES
    assert (counts.classes()["title"] != ()) == few
    assert ("title" in counts.counts()) == few
    assert counts.counts()["animal"] == {"fox": values}
