"""Finds full names behind the day of a rota: "Mon Priya Raghunathan", "Do 14.3. Jonas Wieland"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.privacy.pii.contact.people import TWO
from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import NO_LETTER_BEHIND
from engines.privacy.pii.words.given import is_famous, is_given, is_word_too
from engines.privacy.pii.words.lexicon import any_of
from engines.privacy.pii.words.looks import NO_PERSON, looks_like_name

_ON_DAY = re.compile(
    rf"^[ ]{{0,2}}(?i:{any_of('weekday')}){NO_LETTER_BEHIND}\.?[ ]?[:,–-]?[ ]{{0,3}}"
    rf"(?:\d[\d.:/h –-]{{0,14}}[ ])?({TWO})[ .]{{0,2}}$",
    re.MULTILINE,
)


def names_on_days(text: str) -> Iterator[Span]:
    """Names that end a line that begins with a day of the week, if their given name is known and no
    other word, and they are not well-known ones."""
    for match in _ON_DAY.finditer(text):
        first, *others = match.group(1).split()
        sure = is_given(first) and not is_word_too(first)
        of_thing = any(word.lower() in NO_PERSON for word in others)
        known = is_famous(match.group(1))
        if sure and not of_thing and not known and looks_like_name(match.group(1)):
            yield Span("name", *match.span(1), 0.5)
