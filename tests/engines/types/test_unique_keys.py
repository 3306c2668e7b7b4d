"""Documents with a key twice: the second would silently replace the first."""

from __future__ import annotations

import json

import pytest

from engines.types.unique_keys import DuplicateKey, read_json, read_yaml


@pytest.mark.parametrize(
    "text",
    [
        '{"prompt": "a fox", "prompt": "a cat"}',
        '{"labels": {"animal": "fox", "animal": "fox"}}',
        '[{"a": [{"b": 1, "b": 2}]}]',
        '{"a": 1, "\\u0061": 2}',
    ],
    ids=["flat", "equal values", "in lists", "written in two ways"],
)
def test_json_with_a_key_twice_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(DuplicateKey) as caught:
        read_json(text)
    assert caught.value.key in ("prompt", "animal", "b", "a")
    assert "twice" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "key", "lines"),
    [
        ("name: a\nprompt: fox\nname: b\n", "name", (1, 3)),
        ("classes:\n  fox: 2\n  cat: 1\n  fox: 3\n", "fox", (2, 4)),
        ("- {a: 1, a: 2}\n", "a", (1, 1)),
        ('{"a": 1,\n "a": 2}', "a", (1, 2)),
        ("'a': 1\na: 2\n", "a", (1, 2)),
    ],
    ids=["flat", "nested", "in braces", "json", "written in two ways"],
)
def test_yaml_with_a_key_twice_is_refused_by_its_name_and_lines(
    text: str, key: str, lines: tuple[int, int]
) -> None:
    with pytest.raises(DuplicateKey) as caught:
        read_yaml(text)
    assert (caught.value.key, caught.value.lines) == (key, lines)
    assert f"lines {lines[0]} and {lines[1]}" in str(caught.value)


def test_the_same_key_in_two_objects_is_none_twice() -> None:
    assert read_json('[{"a": 1}, {"a": {"a": 2}}]') == [{"a": 1}, {"a": {"a": 2}}]
    assert read_yaml("- a: 1\n- a: {a: 2}\n") == [{"a": 1}, {"a": {"a": 2}}]


def test_a_merged_key_may_be_given_anew() -> None:
    text = "base: &base {steps: 20, width: 512}\nfast: &fast\n  <<: *base\n  steps: 4\n"
    text += "wide:\n  <<: *fast\n  width: 1024\n"
    assert read_yaml(text)["wide"] == {"steps": 4, "width": 1024}


def test_numbers_and_their_text_are_different_keys() -> None:
    assert read_yaml("1: a\n'1': b\n") == {1: "a", "1": "b"}


def test_it_makes_plain_values_only() -> None:
    with pytest.raises(Exception, match="could not determine a constructor"):
        read_yaml("!!python/object/apply:os.getcwd []")


def test_bytes_of_any_unicode_encoding_are_read() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert read_json('{"a": "é"}'.encode(encoding)) == {"a": "é"}
    with pytest.raises(json.JSONDecodeError):
        read_json("{")


def test_a_long_key_is_not_repeated_in_full() -> None:
    key = "k" * 1000
    with pytest.raises(DuplicateKey) as caught:
        read_json("{" + f'"{key}": 1, "{key}": 2' + "}")
    assert len(str(caught.value)) < 200
