"""A declaration's items: the same ones always; more of them change none."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from engines.datasets.spec.model import DatasetSpec
from engines.datasets.spec.plan import DatasetPlan
from engines.errors import InvalidParameters

PETS: dict[str, Any] = {
    "name": "pets",
    "seed": 3,
    "quotas": {"animal": {"fox": 4, "cat": 2}},
    "attributes": {
        "animal": ["fox", "cat"],
        "place": {"values": {"indoor": 1, "outdoor": 3}},
        "weather": [
            {"values": ["sun", "rain"], "when": {"place": "outdoor"}},
        ],
    },
    "prompt": ["a {animal} {place}[ in the {weather}]", "{animal}, {place}"],
    "negative_prompt": "blurry[, {weather}]",
    "generation": {
        "width": [64, 128],
        "height": 64,
        "num_inference_steps": {"min": 2, "max": 6},
        "guidance_scale": {"min": 1.0, "max": 7.5},
    },
    "labels": ["animal", "weather"],
    "metadata": {"project": "p"},
}


def plan_of(**changes: Any) -> DatasetPlan:
    return DatasetPlan(DatasetSpec.model_validate({**PETS, **changes}))


def counted(count: int, **changes: Any) -> DatasetPlan:
    return plan_of(quotas=None, count=count, **changes)


def test_quotas_are_met_class_by_class_in_turns() -> None:
    ids = [item.item_id for item in plan_of().items()]
    assert ids == ["fox-00000", "cat-00000", "fox-00001", "cat-00001", "fox-00002", "fox-00003"]
    assert all(item.labels["animal"] == item.stratum for item in plan_of().items())
    assert plan_of(quotas={"animal": 3}).strata == {"fox": 3, "cat": 3}


def test_an_item_has_all_that_a_request_needs() -> None:
    plan = counted(50)
    for item in plan.items():
        request = plan.request(item, "the/default")
        assert request.width in (64, 128)
        assert 2 <= request.num_inference_steps <= 6
        assert type(request.num_inference_steps) is int
        assert 1.0 <= request.guidance_scale <= 7.5
        assert (request.height, request.model_id) == (64, "the/default")
        assert (request.dataset, request.metadata) == ("pets", {"project": "p"})
        assert ("weather" in item.labels) == (item.attributes["place"] == "outdoor")
        assert ("in the" in item.prompt) <= (item.attributes["place"] == "outdoor")
        assert item.attributes["animal"] in item.prompt
    assert len({item.seed for item in plan.items()}) == 50


def test_weights_are_kept_and_everything_occurs() -> None:
    items = list(counted(2000).items())
    places = Counter(item.attributes["place"] for item in items)
    assert abs(places["outdoor"] / 2000 - 0.75) < 0.04
    assert {item.parameters["num_inference_steps"] for item in items} == {2, 3, 4, 5, 6}
    assert {item.parameters["width"] for item in items} == {64, 128}


quotas = st.dictionaries(st.sampled_from(["fox", "cat"]), st.integers(1, 12), min_size=1)


@settings(max_examples=15)
@given(quotas, quotas, st.integers(0, 2**53 - 1))
def test_larger_quotas_add_items_and_change_none(
    small: dict[str, int], more: dict[str, int], seed: int
) -> None:
    large = {name: small.get(name, 0) + more.get(name, 0) for name in {*small, *more}}
    before = plan_of(quotas={"animal": small}, seed=seed)
    after = plan_of(quotas={"animal": large}, seed=seed)
    found = {item.item_id: item for item in after.items()}
    assert len(found) == after.total == sum(large.values())
    assert all(found[item.item_id] == item for item in before.items())
    assert before.identity == after.identity


@settings(max_examples=15)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**53 - 1))
def test_a_larger_count_adds_items_and_changes_none(count: int, more: int, seed: int) -> None:
    before, after = counted(count, seed=seed), counted(count + more, seed=seed)
    assert list(before.items()) == list(after.items())[:count]


def test_a_declaration_that_went_through_json_is_the_same() -> None:
    spec = DatasetSpec.model_validate(PETS)
    told = orjson.loads(orjson.dumps(spec.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS))
    again = DatasetPlan(DatasetSpec.model_validate(told))
    assert again.identity == plan_of().identity
    assert {i.item_id: i for i in again.items()} == {i.item_id: i for i in plan_of().items()}


@pytest.mark.parametrize(
    "changes",
    [{"seed": 4}, {"prompt": "a {animal}"}, {"max_tries": 9}, {"metadata": {}},
     {"require": {"quality": True}}, {"labels": []}],
)  # fmt: skip
def test_another_declaration_has_another_identity(changes: dict[str, Any]) -> None:
    assert plan_of(**changes).identity != plan_of().identity


def test_numbers_and_budgets_are_no_part_of_the_identity() -> None:
    assert plan_of(budgets={"seconds": 5}).identity == plan_of().identity
    assert plan_of(quotas={"animal": 9}).identity == plan_of().identity


@pytest.mark.parametrize(
    ("values", "slugs"),
    [
        (["red fox", "red-fox"], 2),
        (["赤狐", "猫"], 2),
        (["a/b", "a.b", "../a"], 3),
        (["x" * 60, "x" * 61], 2),
        (["a b", "a-b-c8687a08"], 2),
    ],
)
def test_classes_have_file_names_that_differ(values: list[str], slugs: int) -> None:
    plan = plan_of(
        attributes={"animal": values}, prompt="a {animal}", negative_prompt=None,
        labels=["animal"], quotas={"animal": 1},
    )  # fmt: skip
    ids = {item.item_id for item in plan.items()}
    assert len({each.casefold() for each in ids}) == slugs
    assert all(set(each) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_") for each in ids)


def test_classes_that_differ_in_their_case_have_files_that_macos_tells_apart() -> None:
    values = ["fox", "Fox", "FOX", "cat"]
    plan = plan_of(
        attributes={"animal": values}, prompt="a {animal}", negative_prompt=None,
        labels=["animal"], quotas={"animal": {"fox": 1, "Fox": 1, "cat": 1}},
    )  # fmt: skip
    ids = [item.item_id for item in plan.items()]
    assert len({each.casefold() for each in ids}) == 3
    assert "cat-00000" in ids
    assert plan.item("FOX", 0).item_id.casefold() not in {each.casefold() for each in ids}


ANIMALS = {"animal": ["fox", "cat"]}
WHEN_COW = {"values": ["sun"], "when": {"animal": ["cow", "fox"]}}
WHEN_FOX = {"values": ["sun"], "when": {"animal": "fox"}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"count": 5}, "either count or quotas"),
        ({"quotas": None}, "either count or quotas"),
        ({"quotas": {"weather": 3}}, "attribute without conditions"),
        ({"quotas": {"color": 3}}, "attribute without conditions"),
        ({"quotas": {"animal": {"cow": 3}}}, "cow is not one"),
        ({"quotas": {"animal": 0}}, "at least 1"),
        ({"prompt": "a {cow}"}, "prompt\n  must name attributes of the declaration: cow"),
        ({"prompt": "in the {weather}"}, "weather in [brackets]"),
        ({"prompt": "a {animal"}, "brace without a name"),
        ({"negative_prompt": "{weather}"}, "negative_prompt\n  must have weather in [brackets]"),
        ({"labels": ["cow"]}, "labels\n  must name attributes of the declaration: cow is not one"),
        (
            {
                "attributes": {
                    "animal": ["fox", "cat"],
                    "weather": {"values": ["sun"], "when": {"place": "x"}},
                }
            },
            "earlier",
        ),
        ({"attributes": {"animal": [True, "fox", "cat"]}}, "in quotes"),
        ({"attributes": {"animal": {"fox": 0}}}, "permitted"),
        ({"attributes": {"animal": ["fox", None]}}, "text or finite numbers"),
        ({"attributes": {"animal": ["fox", ["cat"]]}}, "text or finite numbers"),
        ({"attributes": {"animal": ["fox", float("nan")]}}, "text or finite numbers"),
        ({"attributes": {"animal": ["fox", "cat", "fox"]}}, "each value once: fox"),
        ({"attributes": {"animal": {"values": {1: 2, "1": 3}}}}, "each value once: 1"),
        ({"attributes": {**ANIMALS, "w": WHEN_COW}}, "animal is never cow (w)"),
        ({"attributes": {**ANIMALS, "w": [{"values": ["a"]}, WHEN_FOX]}}, "condition last"),
        ({"prompt": " "}, "not blank"),
        ({"negative_prompt": "\t"}, "not blank"),
        ({"generation": {"width": 65}}, "generation.width\n  must be a multiple of 8"),
        ({"generation": {"width": [64, 2048]}}, "less than or equal to 1024"),
        ({"generation": {"width": {"min": 64}}}, "{min: ..., max: ...}"),
        ({"generation": {"guidance_scale": {"min": 5, "max": 1}}}, "at most its max: 5 > 1"),
        ({"generation": {"num_inference_steps": "many"}}, "num_inference_steps\n  must be a"),
        ({"require": {"near_duplicates": {"min_distance": 0}}}, "greater than or equal to 1"),
        ({"name": "../up"}, "pattern"),
        ({"colour": "red"}, "not permitted"),
    ],
)
def test_a_declaration_that_makes_no_sense_says_what(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DatasetSpec.model_validate({**PETS, **changes})
    assert words in str(caught.value)


def test_a_prompt_that_is_too_long_with_its_values_is_refused() -> None:
    plan = counted(3, attributes={"animal": ["x" * 100]}, prompt="{animal}" * 21,
                   negative_prompt=None, labels=[])  # fmt: skip
    with pytest.raises(InvalidParameters, match="2000 characters"):
        next(plan.items())


def test_speed_is_a_parameter_like_others_and_changes_no_older_declaration() -> None:
    plan = counted(20, generation={"speed": ["exact", "fast"]})
    assert {plan.request(item, "m").speed for item in plan.items()} == {"exact", "fast"}
    assert plan.identity != counted(20, generation={}).identity
    written_before = "3a05cc28ea904ccd9204de75d87c577d296a9997c97123d5a934f5b1dbe84a80"
    assert plan_of().identity == written_before
    with pytest.raises(ValidationError, match="must be 'exact'"):
        plan_of(generation={"speed": "slow"})
