"""What a report counts over the records of a dataset."""

from __future__ import annotations

import pytest

from engines.errors import JsonValue
from engines.evidence.tally import Tally, labels_of
from engines.types.datasets.reports import LabelCount
from tests.engines.evidence.records import privacy, quality, recipe, record


def tally(*records: object) -> Tally:
    found = Tally()
    for each in records:
        found.add(each)  # type: ignore[arg-type]
    return found


def test_an_empty_dataset_counts_nothing() -> None:
    found = Tally()
    assert (found.size_bytes, found.stats, found.failing) == (0, [], [])
    assert found.histograms() == {}
    assert found.label_counts({}) == ()


def test_sizes_and_names_are_of_all_images() -> None:
    found = tally(record("a.png", size_bytes=10), record("b/c.png", size_bytes=32))
    assert found.size_bytes == 42
    assert found.ids == {"a.png": "a", "b/c.png": "b/c"}
    keys = [stat.key for stat in found.stats]
    assert keys == ["generated/birds/a.png", "generated/birds/b/c.png"]


def test_an_image_is_judged_passed_failed_or_not_at_all() -> None:
    found = tally(
        record(quality=quality(0.9, True), privacy=privacy(100, True)),
        record(quality=quality(0.1, False)),
        record(),
    )
    assert found.verdicts == {
        "quality_passed": 1,
        "quality_failed": 1,
        "quality_not_judged": 1,
        "privacy_passed": 1,
        "privacy_not_judged": 2,
    }


def test_models_libraries_and_validators_are_told_with_how_many_images() -> None:
    found = tally(
        record(recipe=recipe(), quality=quality(0.9, True)),
        record(recipe=recipe(revision=None, library_versions={})),
        record(),
    )
    assert found.made_by["model"] == {
        "inferloop/mini 0123abc": 1,
        "inferloop/mini": 1,
        "not made here": 1,
    }
    assert found.made_by["library"] == {"torch 2.9": 1, "diffusers 0.42": 1}
    assert found.made_by["validator"] == {"quality/6": 1}


def test_scores_and_metrics_become_distributions_by_name() -> None:
    metrics = {"metrics": {"sharpness": 40, "contrast": 0.5, "note": "no number", "noise": None}}
    found = tally(
        record(quality=quality(0.25, True, metrics), privacy=privacy(60, False)),  # type: ignore[arg-type]
        record(quality=quality(0.75, True, {"metrics": "damaged"})),
    )
    histograms = found.histograms()
    assert list(histograms) == ["contrast", "privacy_score", "quality_score", "sharpness"]
    assert histograms["quality_score"].mean == 0.5
    assert histograms["privacy_score"].most == 60
    assert histograms["sharpness"].count == 1


def test_a_metric_of_a_former_name_is_counted_with_that_of_now() -> None:
    found = tally(
        record(quality=quality(0.5, True, {"metrics": {"colourfulness": 30}})),
        record(quality=quality(0.5, True, {"metrics": {"colorfulness": 50}})),
    )
    assert found.histograms()["colorfulness"].mean == 40
    assert "colourfulness" not in found.histograms()


def test_distributions_can_be_asked_for_in_between_and_nothing_counts_twice() -> None:
    found = tally(record(quality=quality(0.2, True)))
    assert found.histograms()["quality_score"].count == 1
    found.add(record(quality=quality(0.4, True)))
    assert found.histograms()["quality_score"].count == 2
    assert found.histograms()["quality_score"].total == pytest.approx(0.6)


@pytest.mark.parametrize("images", [999, 1000, 1001, 2500])
def test_values_are_counted_once_also_where_they_are_counted_in_portions(images: int) -> None:
    found = Tally()
    one = record(quality=quality(0.5, True))
    for _ in range(images):
        found.add(one)
    histogram = found.histograms()["quality_score"]
    assert (histogram.count, histogram.total) == (images, images / 2)


def test_an_image_that_fails_for_one_reason_twice_counts_once() -> None:
    face: dict[str, JsonValue] = {"type": "face", "message": "a face", "confidence": 0.9}
    found = tally(record(privacy=privacy(20, False, dict(face), dict(face))))
    assert found.reasons == {"face": 1}
    assert len(found.failing[0].factors) == 2


def test_an_image_that_fails_both_checks_has_both_reasons() -> None:
    weakest = {"weakest": {"factor": "blur", "advice": "x", "value": 1, "threshold": 2}}
    found = tally(
        record(
            recipe=recipe(),
            quality=quality(0.1, False, weakest),  # type: ignore[arg-type]
            privacy=privacy(20, False),
        )
    )
    assert found.reasons == {"blur": 1, "low_privacy": 1}
    (image,) = found.failing
    assert (image.id, image.prompt) == ("a", "a fox in a wood")


def test_passed_images_give_no_reason() -> None:
    found = tally(record(quality=quality(0.9, True), privacy=privacy(100, True)))
    assert (found.reasons, found.failing) == ({}, [])


def test_labels_are_counted_by_value() -> None:
    fox, cat = recipe(labels={"animal": "fox", "place": "wood"}), recipe(labels={"animal": "cat"})
    found = tally(record(recipe=fox), record(recipe=fox), record(recipe=cat), record())
    counts = [(each.label, each.value, each.count) for each in found.label_counts({})]
    assert counts == [("animal", "cat", 1), ("animal", "fox", 2), ("place", "wood", 2)]


def test_what_was_asked_for_and_is_not_there_is_a_row_with_zero() -> None:
    found = tally(record(recipe=recipe(labels={"animal": "fox"})))
    assert found.label_counts({"animal": {"owl": 5, "fox": 2}}) == (
        LabelCount(label="animal", value="fox", count=1, wanted=2),
        LabelCount(label="animal", value="owl", count=0, wanted=5),
    )


def test_the_same_value_under_two_labels_is_two_things() -> None:
    found = tally(record(recipe=recipe(labels={"front": "red", "back": "red"})))
    assert [each.wanted for each in found.label_counts({"front": {"red": 3}})] == [None, 3]


def test_an_image_that_we_did_not_make_has_no_labels() -> None:
    assert labels_of(record()) == {}


def test_scores_are_kept_by_id_for_the_choice_among_near_duplicates() -> None:
    found = tally(record("a.png", quality=quality(1, True)), record("b.png"))
    assert found.scores == {"a": 1.0}
    assert isinstance(found.scores["a"], float)
