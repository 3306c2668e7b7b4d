"""Full names of Vietnam, China, Korea and Japan, whose first word is a family name of
`eastern.toml`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from engines.privacy.pii.words.given import is_given, plain

_LISTS: dict[str, list[str]] = tomllib.loads(
    (Path(__file__).parent / "eastern.toml").read_text(encoding="utf-8")
)
_VIETNAMESE, _SURELY_VIETNAMESE, _MIDDLE, _CHINESE, _SURELY_CHINESE, _KOREAN, _JAPANESE = (
    frozenset(_LISTS[kind])
    for kind in (
        *("vietnamese", "vietnamese_sure", "vietnamese_middle"),
        *("chinese", "chinese_sure", "korean", "japanese"),
    )
)
_MARKS = re.compile("[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
"""Letters of Vietnamese that no other language of Europe has, or few."""
_VIETNAMESE_WORD = re.compile(
    r"(?:ngh?|ch|g[hi]?|kh|nh|ph|qu|th|tr|[bcdhklmnprstvx])?[aeiouy]{1,3}(?:ch|ng|nh|[cmnpt])?"
)
_PINYIN = (
    r"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ian|iao|ing|ong|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ue|ui"
    r"|un|uo|a|e|i|o|u|v)"
)
_ONE, _TWO = re.compile(_PINYIN), re.compile(rf"{_PINYIN}[-']?{_PINYIN}")
_KOREAN_SYLLABLE = (
    r"(?:ch|kk|pp|tt|ss|jj|[bcdghjkmnprstwy])?y?"
    r"(?:ae|eo|eu|oo|ee|oh|ah|ui|[wi]?[aeiou])(?:ng|[nklmptrh])?"
)
_HYPHENATED = re.compile(rf"{_KOREAN_SYLLABLE}-{_KOREAN_SYLLABLE}")
_KANA = re.compile(
    r"(?:(?:[kstnhmrgzbp]y?|sh|ch|ts|j|f|y|w|d)?(?:[aiueo]|ou|uu)|n(?![aiueoy])|(?=(k|s|t|p))\1)+"
)
_SURNAMES = _VIETNAMESE | _CHINESE | _KOREAN | _JAPANESE
_MOST_WORDS, _LONGEST, _TWO_WORDS, _THREE_WORDS = 4, 7, 2, 3


def is_eastern_name(name: str) -> bool:
    """Whether two to four words, all with a capital, are a family name and a given name of
    Vietnam, China, Korea or Japan, or (Korea) the other way round."""
    words = [plain(word).replace("đ", "d") for word in name.split()]
    if not _TWO_WORDS <= len(words) <= _MOST_WORDS:
        return False
    if len(words) == _TWO_WORDS:
        first, last = words
        korean = (first in _KOREAN and _HYPHENATED.fullmatch(last)) or (
            last in _KOREAN and _HYPHENATED.fullmatch(first)
        )
        if korean or _is_chinese(first, last):
            return True
        if first in _JAPANESE:
            return is_given(last) and _KANA.fullmatch(last) is not None
    return _is_vietnamese(words, name) or (
        len(words) == _THREE_WORDS
        and words[0] in _SURELY_CHINESE
        and all(_ONE.fullmatch(word) for word in words[1:])
    )


def _is_chinese(surname: str, given: str) -> bool:
    two = _TWO.fullmatch(given) is not None
    if surname in _SURELY_CHINESE:
        return two or _ONE.fullmatch(given) is not None
    return surname in _CHINESE and two and ("-" in given or _ONE.fullmatch(given) is None)


def _is_vietnamese(words: list[str], name: str) -> bool:
    surname, *others = words
    if surname not in _VIETNAMESE or not all(
        len(word) <= _LONGEST and _VIETNAMESE_WORD.fullmatch(word) for word in others
    ):
        return False
    middle = len(others) > 1 and others[0] in _MIDDLE
    if surname in _SURELY_VIETNAMESE:
        return middle or _MARKS.search(name) is not None
    return middle and (others[0] in ("thi", "van") or _MARKS.search(name) is not None)
