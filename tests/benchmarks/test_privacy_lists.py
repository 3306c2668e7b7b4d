"""The lists of strings with personal data are scored by one rule."""

from __future__ import annotations

from benchmarks.validators.privacy import LISTS
from benchmarks.validators.privacy_lists import row, score, scores


def nothing(text: str) -> set[str]:
    return set()


def test_equal_types_count_and_links_do_not() -> None:
    seen = {"pay to 123": {"iban"}, "id 9": {"passport"}, "my name": {"url"}, "www.a.b": {"url"}}
    result = score(
        lambda text: seen.get(text, set()),
        [("bank_account", "pay to 123"), ("national_id", "id 9"), ("name", "my name")],
        ["www.a.b", "bread"],
    )
    assert result.found.total() == 2
    assert result.missed == [("name", "my name")]
    assert result.false == []
    assert row(7, result)[:3] == ("7", "2 of 3 (66.7%)", "0 of 2 (0.0%)")


def test_a_finding_in_a_harmless_string_is_false() -> None:
    result = score(lambda text: {"name"}, [], ["bread", "butter"])
    assert result.false == ["bread", "butter"]
    assert row(1, result)[1:3] == ("none", "2 of 2 (100.0%)")


def test_every_list_of_the_tests_is_scored() -> None:
    found = dict(scores(nothing, range(1, len(LISTS) + 1)))
    assert list(found) == list(range(1, len(LISTS) + 1))
    assert all(result.strings for result in found.values())
    assert not any(result.found or result.false for result in found.values())
