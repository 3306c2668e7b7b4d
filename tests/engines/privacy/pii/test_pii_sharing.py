"""One pattern of many words finds what the words one by one find, and is there before it is needed
only where somebody searches."""

from __future__ import annotations

import random
import re
import subprocess
import sys

import pytest

from engines.privacy.config import PiiConfig
from engines.privacy.pii import PatternPii
from engines.privacy.pii.contact.phones import find_phones
from engines.privacy.pii.words.lexicon import alternatives, listed
from engines.privacy.pii.words.sharing import Part, Word, shared

KINDS = ["phone", "birth", "passport", "plate", "street_end", "title", "name_field", "no_name"]
KINDS += ["between", "number", "months", "name_alone", "closing", "at_sign", "not_personal"]


def plain(words: tuple[str, ...]) -> str:
    """The words with | between them, each as it is alone."""
    return "|".join(alternatives([word]) for word in sorted(words, key=len, reverse=True))


def spellings(word: str, draw: random.Random) -> list[str]:
    letters = [draw.choice((each, each.upper(), "", " ", each + ".")) for each in word]
    loose = word.replace(" ", "").replace("-", " ").replace(".", "")
    return [word, word.upper(), loose, word + "s", word[:-1], "".join(letters)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_of_words_finds_what_each_word_finds_and_the_same_length(kind: str) -> None:
    words, draw = listed(kind), random.Random(kind)
    one_by_one = re.compile(plain(words), re.IGNORECASE)
    together = re.compile(alternatives(words), re.IGNORECASE)
    for word in words:
        for text in spellings(word, draw):
            text = f"{text}{draw.choice(('', ' 12', 'er', '. ', ' ' + draw.choice(words)))}"
            expected, found = one_by_one.match(text), together.match(text)
            assert (found and found.span()) == (expected and expected.span()), text


@pytest.mark.parametrize("kind", KINDS)
def test_what_must_follow_a_word_decides_alike(kind: str) -> None:
    """Where the longest word does not fit what stands behind, a shorter one is tried."""
    words, draw = listed(kind), random.Random(kind)
    behind = r")(?:\W|s)?(?=\d)"
    one_by_one = re.compile("(" + plain(words) + behind, re.IGNORECASE)
    together = re.compile("(" + alternatives(words) + behind, re.IGNORECASE)
    for word in words:
        for end in ("1", " 1", "s1", ".1", ". 1", "er1"):
            text = draw.choice((word, word.upper())) + end
            expected, found = one_by_one.search(text), together.search(text)
            assert (found and found.span(1)) == (expected and expected.span(1)), text


def letters(word: str) -> Word:
    return tuple(Part(each, frozenset(each)) for each in word)


def test_common_beginnings_are_written_once() -> None:
    pattern = shared([letters("telephone"), letters("text"), letters("tel")])
    assert pattern.count("t(") == 1
    assert all(re.fullmatch(pattern, word) for word in ("telephone", "text", "tel"))
    assert not re.fullmatch(pattern, "telext")


def test_of_two_words_that_fit_the_first_is_taken_as_it_was_said() -> None:
    longest_first = shared([letters("nummer"), letters("num"), letters("n")])
    shortest_first = shared([letters("n"), letters("num"), letters("nummer")])
    assert re.findall(longest_first, "nummer num") == ["nummer", "num"]
    assert re.findall(shortest_first, "nummer num") == ["n", "n"]


def test_a_word_between_two_alike_keeps_its_turn() -> None:
    accented = Part("[ée]", frozenset("ée"))
    words: list[Word] = [(*letters("e"), *letters("xy")), (accented, *letters("x")), letters("e")]
    found = re.match(shared(words), "exy")
    assert found is not None
    assert found[0] == "exy"
    assert re.fullmatch(shared(words), "éx")


@pytest.mark.slow
def test_patterns_are_compiled_when_a_detector_is_made_not_when_the_package_is_imported() -> None:
    asked = (
        "import sys, engines.privacy.build; before = 'engines.privacy.pii.finding' in sys.modules; "
        "from engines.privacy.pii import PatternPii; PatternPii(['US']); "
        "print(before, 'engines.privacy.pii.finding' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


REGIONS = PiiConfig().phone_regions
FAR = " word" * 60 + " "


@pytest.mark.parametrize("number", ["415-555-2671", "+44 20 7946 0958", "01 42 68 53 00"])
def test_a_phone_is_found_wherever_in_a_long_text_it_stands(number: str) -> None:
    alone = [span[:2] for span in find_phones(number, REGIONS)]
    assert alone
    beside = f"{FAR}12{FAR}"
    for before, behind in ((FAR, ""), ("", FAR), (beside, beside), ("", f"{FAR}7")):
        text = f"{before}{number}{behind}"
        found = {(s.type, s.start - len(before)) for s in find_phones(text, REGIONS)}
        assert set(alone) <= found, text


def test_an_extension_belongs_to_its_number() -> None:
    (found,) = PatternPii(REGIONS).find(f"{FAR}+1 415 555 2671 ext. 123{FAR}")
    assert found.text.endswith("123")


def test_an_island_whose_numbers_are_written_without_their_area_code_is_known() -> None:
    """Antigua and Barbuda: the library puts the code of the area before seven digits."""
    text = "tel 464-1234, or later 268-464-1234"
    starts = {span.start for span in find_phones(text, ["AG"])}
    assert {text.index("464-1234"), text.index("268")} <= starts
