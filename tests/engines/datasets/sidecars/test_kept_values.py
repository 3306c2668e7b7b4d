"""Verdicts, reviews and recipes as they lie beside images: read back, or refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest

from engines.datasets.factors import failing_factors
from engines.datasets.recipes.recipe import Recipe
from engines.datasets.sidecars.reviews import KeptReview, changed
from engines.datasets.sidecars.verdict import Verdict
from engines.errors import InvalidParameters
from engines.types import PrivacyIssue, PrivacyReport, QualityReport, Weakness
from engines.types.datasets.looking import MAX_RATING, MAX_TAGS, Review, ReviewChange
from tests.engines.evidence.records import NOW, privacy, quality, recipe

EAST = timezone(timedelta(hours=9))
BEYOND = ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]
NO_MOMENTS: list[Any] = ["", "yesterday", "2026-13-01", 5, None, [], True, *BEYOND]


def told(kept: Verdict | KeptReview | Recipe) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(kept.to_json())
    return found


VERDICT = quality(0.25, False, {"metrics": {"sharpness": 1.5}, "weakest": None})
REVIEW = KeptReview("a.png", Review(4, ("b", "a"), "accepted", "ann", NOW))
RECIPE = recipe(labels={"animal": "狐"}, metadata={"deep": [1, {"x": None}]}, notes=("stand-in",))


# All three


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        (VERDICT, Verdict.from_dict),
        (privacy(100, True), Verdict.from_dict),
        (REVIEW, KeptReview.from_dict),
        (KeptReview("鳥.png", Review()), KeptReview.from_dict),
        (RECIPE, Recipe.from_dict),
        (recipe(), Recipe.trusted),
    ],
)
def test_what_was_kept_is_read_back_as_it_was(kept: Any, read: Any) -> None:
    assert read(orjson.loads(kept.to_json())) == kept
    assert b"\n" not in kept.to_json()


@pytest.mark.parametrize("read", [Verdict.from_dict, KeptReview.from_dict, Recipe.from_dict])
@pytest.mark.parametrize(
    "found", [None, 1, "x", [], {}, {"schema": 1}, {"schema": "inferloop.other/1"}, [{}]]
)
def test_what_is_none_of_ours_is_refused(read: Any, found: object) -> None:
    with pytest.raises(ValueError):
        read(found)


@pytest.mark.parametrize(
    ("kept", "read", "name"),
    [
        (VERDICT, Verdict.from_dict, "judged_at"),
        (REVIEW, KeptReview.from_dict, "reviewed_at"),
        (RECIPE, Recipe.from_dict, "created_at"),
        (RECIPE, Recipe.trusted, "created_at"),
    ],
)
@pytest.mark.parametrize("moment", NO_MOMENTS, ids=repr)
def test_a_moment_that_is_none_is_refused_and_breaks_no_list(
    kept: Any, read: Any, name: str, moment: Any
) -> None:
    """One file that somebody edited must not fail the listing of its dataset."""
    if name == "reviewed_at" and moment is None:
        return  # nobody has reviewed
    with pytest.raises(ValueError):
        read({**told(kept), name: moment})


@pytest.mark.parametrize(
    ("kept", "read", "name"),
    [
        (VERDICT, Verdict.from_dict, "judged_at"),
        (RECIPE, Recipe.from_dict, "created_at"),
    ],
)
def test_a_moment_of_another_zone_is_the_same_moment(kept: Any, read: Any, name: str) -> None:
    again = read({**told(kept), name: NOW.astimezone(EAST).isoformat()})
    assert again == kept
    assert getattr(again, name).tzinfo is UTC


def test_fields_of_a_later_version_are_left_out() -> None:
    assert Recipe.from_dict({**told(RECIPE), "novelty": 1}) == RECIPE
    assert Verdict.from_dict({**told(VERDICT), "novelty": 1}) == VERDICT


# Verdicts


@pytest.mark.parametrize(
    "change",
    [
        *({"kind": "beauty"}, {"kind": None}, {"kind": []}, {"file_name": 1}, {"passed": 1}),
        *({"passed": "true"}, {"score": "0.5"}, {"score": None}, {"findings": []}),
        {"validator_version": None},
    ],
    ids=str,
)
def test_a_verdict_with_a_field_of_another_type_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="verdict"):
        Verdict.from_dict({**told(VERDICT), **change})


@pytest.mark.parametrize("name", ["kind", "file_name", "passed", "score", "findings", "judged_at"])
def test_a_verdict_without_a_field_is_none(name: str) -> None:
    found = told(VERDICT)
    del found[name]
    with pytest.raises(ValueError, match="lacks a field"):
        Verdict.from_dict(found)


def test_a_report_becomes_a_verdict_on_the_file() -> None:
    weakness = Weakness("blur", 0.1, 0.5, "Hold still.")
    report = QualityReport(
        "uploads/x/a.b.png", 0.1, {"sharpness": 2.0}, False, "quality/6", weakness
    )
    verdict = Verdict.of(report.key, report, NOW)
    assert (verdict.kind, verdict.file_name, verdict.score) == ("quality", "a.b.png", 0.1)
    assert set(verdict.findings) == {"metrics", "weakest"}
    passed = QualityReport("a.png", 0.9, {}, True, "quality/6")
    assert set(Verdict.of("a.png", passed, NOW).findings) == {"metrics"}


def test_a_privacy_report_keeps_its_findings() -> None:
    issue = PrivacyIssue("face", "high", "a face", "yunet", (1, 2, 3, 4), 0.9)
    report = PrivacyReport("a.png", 60, 1, None, False, (issue,), False, "privacy/2")
    again = Verdict.from_dict(orjson.loads(Verdict.of("a.png", report, NOW).to_json()))
    (factor,) = failing_factors(None, again)
    assert (factor.code, factor.value, factor.box) == ("face", 0.9, (1, 2, 3, 4))


# Why an image failed


def test_what_passed_or_was_not_judged_has_no_factor() -> None:
    assert failing_factors(None, None) == ()
    assert failing_factors(quality(0.9, True), privacy(100, True)) == ()


def test_a_verdict_that_says_no_reason_gives_its_score() -> None:
    (low,) = failing_factors(quality(0.123, False), None)
    assert (low.code, low.message, low.value) == ("low_quality", "quality score 0.12", 0.123)
    (private,) = failing_factors(None, privacy(60, False))
    assert (private.code, private.message) == ("low_privacy", "privacy score 60")


@pytest.mark.parametrize(
    "box", [None, "1234", [], [1, 2, 3], [1, 2, 3, 4, 5], [1, 2, 3, "4"], [1, None, 3, 4], {}]
)
def test_a_box_that_is_none_is_left_out(box: Any) -> None:
    (factor,) = failing_factors(None, privacy(60, False, {"type": "face", "box": box}))
    assert factor.box is None


def test_findings_in_strange_shapes_are_told_as_far_as_they_go() -> None:
    found = failing_factors(None, privacy(60, False, {"confidence": "high"}, {"type": 5}))
    assert [(each.code, each.value, each.message) for each in found] == [
        ("finding", None, ""),
        ("5", None, ""),
    ]


# Reviews


@pytest.mark.parametrize(
    "change",
    [
        *({"rating": -1}, {"rating": MAX_RATING + 1}, {"rating": 1.5}, {"rating": True}),
        *({"rating": None}, {"tags": "a"}, {"tags": None}, {"decision": "maybe"}),
        *({"decision": 1}, {"decision": []}, {"reviewer": 5}, {"file_name": None}),
    ],
    ids=str,
)
def test_a_review_out_of_its_bounds_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="review"):
        KeptReview.from_dict({**told(REVIEW), **change})


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (ReviewChange(), Review(3, ("a", "b"), "accepted")),
        (ReviewChange(rating=0), Review(0, ("a", "b"), "accepted")),
        (ReviewChange(rating=5), Review(5, ("a", "b"), "accepted")),
        (ReviewChange(decision="rejected"), Review(3, ("a", "b"), "rejected")),
        (ReviewChange(decision="undecided"), Review(3, ("a", "b"), None)),
        (ReviewChange(add_tags=("c", "a")), Review(3, ("a", "b", "c"), "accepted")),
        (ReviewChange(remove_tags=("a", "z")), Review(3, ("b",), "accepted")),
        (ReviewChange(add_tags=("c",), remove_tags=("c",)), Review(3, ("a", "b"), "accepted")),
    ],
)
def test_a_change_changes_what_it_names_and_nothing_else(
    change: ReviewChange, after: Review
) -> None:
    assert changed(Review(3, ("a", "b"), "accepted"), change) == after


def test_an_image_has_as_many_tags_as_are_allowed_and_no_more() -> None:
    tags = tuple(f"t{n:02}" for n in range(MAX_TAGS))
    assert changed(Review(), ReviewChange(add_tags=tags)).tags == tags
    with pytest.raises(InvalidParameters, match=f"at most {MAX_TAGS}"):
        changed(Review(tags=tags), ReviewChange(add_tags=("more",)))
    swapped = changed(Review(tags=tags), ReviewChange(add_tags=("more",), remove_tags=("t00",)))
    assert len(swapped.tags) == MAX_TAGS


# Recipes


@pytest.mark.parametrize(
    "change",
    [
        *({"prompt": None}, {"prompt": 5}, {"size_bytes": 1.5}, {"size_bytes": True}),
        *({"labels": None}, {"labels": {"a": 1}}, {"metadata": []}, {"notes": [1]}),
        *({"notes": None}, {"file_sha256": "abc"}, {"parameters": None}, {"parameters": []}),
        *({"parameters": {}}, {"engine_s": "fast"}, {"size_bytes": 2**53}, {"dataset": 1}),
    ],
    ids=str,
)
def test_a_recipe_that_somebody_edited_wrongly_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Recipe.from_dict({**told(RECIPE), **change})


@pytest.mark.parametrize("seed", [2**53, -(2**53), "7", 7.0, True, None])
def test_a_seed_that_is_none_makes_no_recipe(seed: Any) -> None:
    found = told(RECIPE)
    found["parameters"]["seed"] = seed
    with pytest.raises(ValueError, match="seed"):
        Recipe.from_dict(found)


@pytest.mark.parametrize("name", ["labels", "metadata", "speed", "watermark", "notes", "engine_s"])
def test_a_recipe_of_an_earlier_version_lacks_what_came_later(name: str) -> None:
    found = told(RECIPE)
    del found[name]
    again = Recipe.from_dict(found)
    assert not getattr(again, name)
    assert again.prompt == RECIPE.prompt


def test_a_prompt_that_is_no_unicode_is_refused_by_name() -> None:
    with pytest.raises(InvalidParameters, match="prompt"):
        recipe(prompt="a \ud800").to_json()
    with pytest.raises(ValueError):
        Recipe.from_json(b'{"schema": "inferloop.recipe/1"')


def test_the_schema_comes_first_in_the_file() -> None:
    assert RECIPE.to_json().startswith(b'{"schema":"inferloop.recipe/1"')
    assert datetime.fromisoformat(told(RECIPE)["created_at"]) == NOW
