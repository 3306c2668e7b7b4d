"""Finds full names of Vietnam, China, Korea and Japan: "Trần Thu Hà", "Wang Xiaoming"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from engines.privacy.pii.contact.people import PART
from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import NO_LETTER_BEHIND
from engines.privacy.pii.words.eastern import is_eastern_name

IsKnown = Callable[[str, int, int], bool]
_RUN = re.compile(rf"(?<![\w'’&@#-]){PART}(?:[ ]{PART}){{1,5}}{NO_LETTER_BEHIND}")
_FEWEST = 2


def eastern_names(text: str, is_known: IsKnown) -> Iterator[Span]:
    """The last words of each run of words with a capital, if they are such a name and `is_known`,
    called with `text`, a start and an end, does not call them the name of something else."""
    for run in _RUN.finditer(text):
        words = [(match.start(), match.end()) for match in re.finditer(r"[^ ]+", run.group())]
        for start, _ in words[: len(words) - _FEWEST + 1]:
            if is_eastern_name(run.group()[start:]):
                if not is_known(text, run.start() + start, run.end()):
                    yield Span("name", run.start() + start, run.end(), 0.6)
                break
