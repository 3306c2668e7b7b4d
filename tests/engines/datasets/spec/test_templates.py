"""Prompt templates: names, optional parts, and nothing that could run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.datasets.spec.templates import Template, TemplateFault

VALUES = {"animal": "fox", "place": "wood"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("a {animal} in a {place}", "a fox in a wood"),
        ("a {animal}[ in {weather} weather]", "a fox"),
        ("a {animal}[ in the {place}]", "a fox in the wood"),
        ("{{{animal}}} [[{place}]]", "{fox} [wood]"),
        ("[{weather}, ]{animal}[, {weather}][, {place}]", "fox, wood"),
        ("100 % {animal}", "100 % fox"),
    ],
)
def test_a_template_is_filled(text: str, filled: str) -> None:
    assert Template.parse(text).fill(VALUES) == filled


@pytest.mark.parametrize(
    "text",
    ["{", "}", "{animal", "a}", "{}", "{animal!r}", "{animal:>10}", "{animal.__class__}",
     "{0}", "{animal[0]}", "[", "]", "[a[b]]c", "a]b[", "{ animal }"],
)  # fmt: skip
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(TemplateFault):
        Template.parse(text)


def test_a_value_is_never_read_as_a_template() -> None:
    assert Template.parse("{animal}").fill({"animal": "{place}[x]"}) == "{place}[x]"


@given(st.text())
def test_any_text_is_a_template_or_a_fault(text: str) -> None:
    try:
        template = Template.parse(text)
    except TemplateFault:
        return
    values = dict.fromkeys(template.names(), "v")
    assert isinstance(template.fill(values), str)


@given(st.text())
def test_doubled_marks_give_the_text_back(text: str) -> None:
    doubled = "".join(c * 2 if c in "{}[]" else c for c in text)
    assert Template.parse(doubled).fill({}) == text
