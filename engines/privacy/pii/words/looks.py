"""Whether a full name, the given name first, looks like the name of a person."""

from __future__ import annotations

from engines.privacy.pii.words.given import is_function_word, is_given, is_word_too
from engines.privacy.pii.words.lexicon import listed
from engines.privacy.pii.words.likeness import likeness

SAINTS = frozenset({"san", "santa", "sant", "saint", "sainte", "sankt", "st", "st.", "sint"})
LEAST_SURNAME = -3.0
NO_PERSON = frozenset(
    listed(
        "ship",
        "no_label",
        "thing",
        "work",
        "street_before",
        "street_behind",
        "street_end",
        "article",
    )
)
ROLES = frozenset(listed("profession", "name_word", "kin", "badge", "addressed", "bell", "event"))
_PARTICLE_WORDS, _NOBODY = frozenset(listed("particle")), frozenset(listed("no_name"))
_TITLES, _PLANTS = frozenset(listed("title", "weak_title")), frozenset(listed("plant"))
_PAIRS = (["y"], ["e"], ["i"])
_PLAIN_ODDS, _WORD_TOO_ODDS, _UNKNOWN_ODDS = -3.5, 2.0, 2.0
"""Least likeness of a full name that stands apart: of one that begins with a known given name, with
one that is a word too, and with another word."""
_LEAST_GIVEN, _LEAST_BETWEEN, _LEAST_ROLE, _SHORTEST = -2.0, -1.0, 2.5, 3
_LESS_OF_TWO, _LESS_WITH_PARTICLE = 5.0, 2.0
"""How much less likely a name may be with two given names ("Karl-Heinz"), and with a particle
before the surname."""


def looks_like_name(name: str, less: float = 0.0) -> bool:
    """Whether a full name, the given name first, looks like one. `less`: how much less likely than
    usual it may be."""
    first, *others, last = name.split()
    given, surname = likeness(first).given, likeness(last).surname
    if len(last) < _SHORTEST and not is_given(first):  # Orange Gr. 50
        return False
    if first.lower() in _TITLES | SAINTS:  # Doña Bárbara
        return False
    if first.lower() in _PLANTS and is_given(last):  # Hortensia Annabelle
        return False
    if [word.lower() for word in others] in _PAIRS and is_given(last):  # Tristan und Isolde
        return False
    if last.lower() in ROLES and surname < _LEAST_ROLE:  # Store Manager
        return False
    if is_function_word(first):  # Man With A Beard
        return False
    if first.lower() in _NOBODY and not is_given(first):
        return False
    least = _UNKNOWN_ODDS
    if not is_given(first) and given < _LEAST_GIVEN:
        return False
    if is_word_too(first):
        least = _WORD_TOO_ODDS
    elif is_given(first):
        least = _PLAIN_ODDS
        both = [is_given(part) for part in first.split("-")]
        if len(both) > 1 and all(both):
            less += _LESS_OF_TWO
    if others and others[-1].lower() in _PARTICLE_WORDS:
        less += _LESS_WITH_PARTICLE
    if first.lower() in NO_PERSON and not is_given(first):
        return False
    between = [word for word in others if word[0].isupper() and not word.endswith(".")]
    between = [word for word in between if word.lower() not in _PARTICLE_WORDS]
    if between and others[-1] == between[-1] and surname < _LEAST_BETWEEN:
        return False
    if any(max(likeness(word)) < _LEAST_BETWEEN and not is_given(word) for word in between):
        return False
    return surname > LEAST_SURNAME - less and given + surname > least - less
