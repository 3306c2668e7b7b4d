"""E-mail addresses, links and IP addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from engines.privacy.pii.spans import Span
from engines.privacy.pii.words.context import ADDRESS, NO_LETTER_BEHIND, VERSION, preceded_by
from engines.privacy.pii.words.lexicon import any_of

_COMMON = (
    "com|org|net|edu|gov|info|biz|io|ai|app|dev|me|tv|eu|uk|de|fr|es|it|nl|be|ch|at|se|no|dk|fi"
    "|pl|pt|ie|us|ca|au|nz|in|jp|cn|br|mx|ru|co|za|kr|sg|lu|cz|sk|hu|ro|gr|hr|si|lt|lv|ee|cat|berlin"
    "|example|online|shop|store|site|cloud|email|mail|xyz|club|blog|pro|tech|name|live|mobi"
)
_NOT_DOMAINS = frozenset(
    [
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "bmp",
        "js",
        "ts",
        "css",
        "py",
        "rb",
        "go",
        "rs",
        "md",
        "txt",
        "json",
        "yaml",
        "yml",
        "html",
        "php",
        "exe",
        "zip",
        "local",
        "localhost",
    ]
)
_READ_AS = str.maketrans({"o": "[o0]", "l": "[l1|]", "i": "[il1|]"})
_COMMON_BY_OCR = _COMMON.translate(_READ_AS)
_DOT = r"(?:\s?[.,]\s?|\s?[(\[{](?:dot|\.)[)\]}]\s?)"
_LABEL = r"(?:[^\W_]|-)"  # one character of a domain name, in any script (RFC 5890)
_EMAIL = re.compile(
    rf"(?<![\w.%+-])[\w.%+-]{{1,64}}@(?:{_LABEL}{{1,63}}\.){{1,6}}"
    r"([A-Za-z]{2,24}|[^\W\d_A-Za-z]{2,24})(?![A-Za-z0-9_@])"
)
_EMAIL_BY_OCR = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}\s{0,2}(?:[@©®]|[(\[{](?:at|@)[)\]}])\s{0,2}"
    rf"{_LABEL}{{2,63}}(?:{_DOT}{_LABEL}{{1,63}}){{0,4}}?{_DOT}(?:{_COMMON_BY_OCR})"
    r"(?![a-z0-9])",
    re.IGNORECASE,
)
_OPEN, _CLOSE = r"\s{0,2}[(\[{<]\s?", r"\s?[)\]}>]\s{0,2}"
_AT_SAID = rf"(?:{_OPEN}(?:{any_of('at_sign')}){_CLOSE}|\s(?:{any_of('at_sign')})\s)"
_DOT_SAID = rf"(?:{_OPEN}(?:{any_of('dot_sign')}){_CLOSE}|\s(?:{any_of('dot_sign')})\s)"
_EMAIL_SAID = re.compile(  # max punkt berg ät web punkt de; max (ät) web.de
    rf"(?<![\w.%+-])[\w.%+-]{{1,64}}(?:{_DOT_SAID}[\w%+-]{{1,64}}){{0,3}}{_AT_SAID}"
    rf"{_LABEL}{{2,63}}(?:(?:\.|{_DOT_SAID}){_LABEL}{{1,63}}){{0,3}}?"
    rf"(?P<last>\.|{_DOT_SAID})(?:{_COMMON}){NO_LETTER_BEHIND}",
    re.IGNORECASE,
)
_SURELY_AT = rf"(?:{_OPEN}(?:{any_of('at_sign')}){_CLOSE}|\s(?:{any_of('at_sign_sure')})\s)"
_EMAIL_SAID_SURELY = re.compile(  # max (at) firma (punkt) koeln; max arroba casa punto barcelona
    rf"(?<![\w.%+-])[\w.%+-]{{1,64}}(?:{_DOT_SAID}[\w%+-]{{1,64}}){{0,3}}{_SURELY_AT}"
    rf"{_LABEL}{{2,63}}(?:(?:\.|{_DOT_SAID}){_LABEL}{{1,63}}){{0,3}}?"
    rf"{_DOT_SAID}[a-z]{{2,12}}{NO_LETTER_BEHIND}",
    re.IGNORECASE,
)
_EMAIL_ON_TWO_LINES = re.compile(  # broken at the end of a line
    rf"(?<![\w.%+-])(?:[\w.%+-]{{1,64}}[.-]\n)?[\w.%+-]{{1,64}}(?:@\n?|\n@)"
    rf"(?:{_LABEL}{{1,63}}-?\n)?(?:{_LABEL}{{1,63}}(?:\.\n?|\n\.)){{1,4}}(?:{_COMMON}){NO_LETTER_BEHIND}",
    re.IGNORECASE,
)
_AT_FOR_SURE = re.compile(_SURELY_AT, re.IGNORECASE)
_EMAIL_WITHOUT_DOT = re.compile(
    rf"(?<![\w.%+-])[\w.%+-]{{2,64}}@{_LABEL}{{3,63}}\s?(?:com|org|net|edu|gov)(?!\w)",
    re.IGNORECASE,
)
_URL = re.compile(
    r"(?<!\w)(?:https?\s?[:;]\s?/\s?/\s?|https?[:;]?//?|www\s?[.,]\s?)"
    r"[A-Za-z0-9-]{1,63}(?:[.,][A-Za-z0-9-]{1,63}){0,6}(?:[/?#:][^\s<>\"']{0,300})?",
    re.IGNORECASE,
)
_HTTP_VERSION = re.compile(r"https?/\d\.\d", re.IGNORECASE)
_URL_WITH_PATH = re.compile(
    rf"(?<![\w@.-])(?:[A-Za-z0-9-]{{1,63}}\.){{1,4}}(?:{_COMMON})/[^\s<>\"']{{1,300}}",
    re.IGNORECASE,
)
_IPV4 = re.compile(r"(?<![\w.-])(?<!\d/)(?:\d{1,3}\. ?){3}\d{1,3}(?![\w-]|\.\d)")
_PREFIX = re.compile(r"/(\d{1,2})(?!\d)")
_IPV6 = re.compile(r"(?<![\w:])[0-9A-Fa-f:]{6,39}(?![\w:])")


def find_emails(text: str) -> Iterator[Span]:
    """Find e-mail addresses: in their usual form; with words for @ and the dot; broken over two
    lines; with blanks around @ and dots, or commas in place of dots, as OCR may read them."""
    for match in _EMAIL.finditer(text):
        if match.group(1).lower() not in _NOT_DOMAINS and not _is_of_git(match, text):
            yield Span("email", match.start(), match.end())
    for match in _EMAIL_SAID.finditer(text):  # but not "meet me at noon.com"
        if match["last"] != "." or _AT_FOR_SURE.search(match.group()):
            yield Span("email", match.start(), match.end(), 0.8)
    for pattern, confidence in (
        (_EMAIL_SAID_SURELY, 0.8),
        (_EMAIL_ON_TWO_LINES, 0.8),
        (_EMAIL_BY_OCR, 0.8),
        (_EMAIL_WITHOUT_DOT, 0.7),
    ):
        for match in pattern.finditer(text):
            if not _is_of_git(match, text):
                yield Span("email", match.start(), match.end(), confidence)


def _is_of_git(match: re.Match[str], text: str) -> bool:
    """Whether the match is part of the address of a git repository: `git@github.com:org/a.git`."""
    return match.group().lower().startswith("git@") and text.startswith(":", match.end())


def find_urls(text: str) -> Iterator[Span]:
    """Links with a scheme or www, and domain names that are followed by a path."""
    for pattern in (_URL, _URL_WITH_PATH):
        for match in pattern.finditer(text):
            shown = match.group().rstrip(".,;:)]}")
            if ("." in shown or "," in shown) and not _HTTP_VERSION.fullmatch(shown):
                yield Span("url", match.start(), match.start() + len(shown))


def find_ip_addresses(text: str) -> Iterator[Span]:
    """IPv4 and IPv6 addresses that may belong to a person. Version numbers, networks, loopback
    addresses and netmasks do not count."""
    for match in _IPV4.finditer(text):
        if _is_network(match.group(), text, match.end()):
            continue
        if _is_somebodys(match.group(), text, match.start()):
            yield Span("ip_address", match.start(), match.end())
    for match in _IPV6.finditer(text):
        if _like_ipv6(match.group()) and _is_ipv6(match.group()):
            yield Span("ip_address", match.start(), match.end())


def _is_network(found: str, text: str, end: int) -> bool:
    """Whether the address is that of a network, which a prefix behind it tells: 192.168.4.0/22."""
    prefix = _PREFIX.match(text, end)
    if prefix is None:
        return False
    try:
        return ipaddress.IPv4Network(f"{found}{prefix.group()}").num_addresses > 1
    except ValueError:  # it has bits behind the prefix, so it is one address in the network
        return False


def _is_somebodys(found: str, text: str, start: int) -> bool:
    try:
        address = ipaddress.IPv4Address(found.replace(" ", ""))
    except ValueError:
        return False
    if address.is_loopback or address.packed[0] in (0, 255) or address.is_multicast:
        return False
    if preceded_by(VERSION, text, start):
        return False
    return max(address.packed) >= 20 or preceded_by(ADDRESS, text, start)


def _like_ipv6(found: str) -> bool:
    """Whether the text has the form of an IPv6 address: at least three colons, or `::` after a
    first group of four (`fe80::1`). Times of day, and names in programs such as `ab::cd`, do not
    have it."""
    if re.fullmatch(r"\d{0,2}(?:::?\d{1,2})+", found):
        return False  # hours, scores
    full_group = found.find("::") == 4 and any(character.isdigit() for character in found)
    return found.count(":") >= 3 or full_group


def _is_ipv6(found: str) -> bool:
    try:
        address = ipaddress.IPv6Address(found)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)
