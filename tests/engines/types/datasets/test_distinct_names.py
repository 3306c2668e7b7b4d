"""Names that stay apart on every file system, and metrics under their former names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engines.types.datasets.distinct_names import digest, distinct_names
from engines.types.metric_names import FORMER, present_name, with_present_names

NAMES = st.dictionaries(st.text(max_size=6), st.sampled_from(["Fox", "fox", "FOX", "cat", "Cat"]))


@given(NAMES)
def test_no_two_names_are_equal_without_regard_to_case(names: dict[str, str]) -> None:
    found = distinct_names(names, "-", 8)
    assert list(found) == list(names)
    assert len({name.casefold() for name in found.values()}) == len(names)


@given(NAMES)
def test_the_order_of_the_names_says_nothing(names: dict[str, str]) -> None:
    turned = dict(reversed(names.items()))
    assert distinct_names(turned, "-", 8) == distinct_names(names, "-", 8)


def test_names_that_differ_stay_as_they_are() -> None:
    assert distinct_names({1: "fox", 2: "cat"}, "-", 8) == {1: "fox", 2: "cat"}
    assert distinct_names({}, "-", 8) == {}


def test_only_names_that_are_alike_get_a_digest_of_their_keys() -> None:
    found = distinct_names({"A": "Fox", "B": "fox", "C": "cat"}, "-", 8)
    assert found == {"A": f"Fox-{digest('A', 8)}", "B": f"fox-{digest('B', 8)}", "C": "cat"}


def test_a_name_that_is_another_ones_name_with_its_digest_is_kept_apart_too() -> None:
    names = {"A": "fox", "B": "Fox", "C": f"fox-{digest('A', 8)}"}
    assert len({name.casefold() for name in distinct_names(names, "-", 8).values()}) == 3


def test_a_metric_has_one_name_now() -> None:
    for former, now in FORMER.items():
        assert present_name(former) == present_name(now) == now
        assert with_present_names({former: 1.0, "noise": 2.0}) == {now: 1.0, "noise": 2.0}
    assert present_name("no such metric") == "no such metric"
