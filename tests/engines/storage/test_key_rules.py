"""Which keys there are, to the last byte, and work in order a bounded number ahead."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.errors import InvalidPath
from engines.storage.keys import (
    MAX_KEY_BYTES,
    MAX_NAME_BYTES,
    check_key,
    check_prefix,
    escaped,
    is_key,
)
from engines.storage.read_ahead import ordered_map


@pytest.mark.parametrize(
    "key",
    [
        *("a", "a/b.png", ".hidden", "a/.x", "a..b", "...a", "鳥/🦊.png", "a b", "a:b", "-a", "~"),
        *("a" * MAX_NAME_BYTES, "é" * (MAX_NAME_BYTES // 2), "inferloop", ".inferloops/x", "tmp-a"),
        "/".join(["a" * 224] * 4),
    ],
)
def test_a_name_that_every_store_can_hold_is_a_key(key: str) -> None:
    assert check_key(key) == check_prefix(key) == key


@pytest.mark.parametrize(
    "key",
    [
        *(
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/..",
            "../a",
            "a/./b",
            "a\\b",
            "a\x00b",
            "a\nb",
        ),
        *("a\x7f", "\ud800", "a" * (MAX_NAME_BYTES + 1), "é" * (MAX_NAME_BYTES // 2 + 1)),
        *(".inferloop", ".inferloop/lock", ".tmp-a", "a/.tmp-b/c", "/".join(["a" * 225] * 4)),
    ],
)
def test_any_other_is_none_and_the_answer_can_be_printed(key: str) -> None:
    assert not is_key(key)
    with pytest.raises(InvalidPath, match="path must") as refused:
        check_key(key)
    shown = str(refused.value.details["value"])
    assert len(shown) <= 203
    shown.encode()
    assert "\0" not in shown


def test_the_root_is_a_folder_and_no_key() -> None:
    assert check_prefix("") == ""
    assert not is_key("")


@given(st.text(alphabet="a./-\\~é\x00", max_size=12))
@settings(max_examples=150)
def test_a_key_never_leads_up_or_out(key: str) -> None:
    if is_key(key):
        assert not key.startswith("/")
        assert not {"", ".", ".."} & set(key.split("/"))
        assert len(key.encode()) <= MAX_KEY_BYTES


@pytest.mark.parametrize(
    ("name", "shown"), [("a\tb", r"a\tb"), ("a\\b", r"a\\b"), ("é", r"\xe9"), ("狐", r"\u72d0")]
)
def test_a_name_that_is_no_key_can_be_shown(name: str, shown: str) -> None:
    assert escaped(name) == shown


# Work in order


@pytest.mark.parametrize("ahead", [1, 2, 100])
@pytest.mark.parametrize("pooled", ["all", "none", "odd"])
def test_results_come_in_the_order_of_the_items(ahead: int, pooled: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        found = ordered_map(
            pool,
            range(20),
            lambda n: n * n,
            lambda n: pooled == "all" or (pooled == "odd" and n % 2 == 1),
            ahead,
        )
        assert list(found) == [n * n for n in range(20)]


def test_no_more_is_taken_from_the_items_than_is_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for n in range(50):
            taken.append(n)
            yield n

    with ThreadPoolExecutor(2) as pool:
        found = ordered_map(pool, items(), lambda n: n, lambda n: True, ahead=4)
        assert [next(found), next(found)] == [0, 1]
        assert len(taken) <= 6


def test_an_error_comes_where_its_item_stands() -> None:
    def work(n: int) -> int:
        if n == 3:
            raise ValueError("three")
        return n

    with ThreadPoolExecutor(2) as pool:
        found = ordered_map(pool, range(9), work, lambda n: True, ahead=8)
        assert [next(found) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(ValueError, match="three"):
            next(found)
