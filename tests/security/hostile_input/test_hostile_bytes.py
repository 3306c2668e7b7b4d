"""No byte and no text from outside costs more than in proportion to its length.

Every compiled pattern of the packages that read strangers' bytes is found by looking, so a
new one is tested without being named here.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import engines.images
import engines.privacy.metadata
import engines.privacy.pii
import engines.privacy.text
from engines.errors import InvalidImage
from engines.images import FurtherLimits, ImageLimits, Metadata, decode, further_pictures, probe
from engines.images.containers import check
from engines.images.formats.walk import Block, Walk
from engines.images.metadata import collect
from engines.images.tails import carries_a_file
from engines.privacy.config import MetadataConfig, PiiConfig
from engines.privacy.metadata import MetadataReader
from engines.privacy.metadata.iptc import iptc_statements
from engines.privacy.metadata.xmp import xmp_statements
from engines.privacy.pii import PatternPii, masked
from engines.privacy.pii.contact.online import find_emails, find_ip_addresses, find_urls
from engines.privacy.pii.numbers.accounts import find_cards, find_ibans, find_ssns
from engines.privacy.pii.numbers.documents import find_birth_dates, find_passports, find_plates
from engines.privacy.pii.ocr import digitised, narrowed
from engines.privacy.pii.spans import Span, without_overlaps
from tests.engines.images.building import chunk, encoded, jpeg, picture, png, tiff
from tests.security.hostile_input.doubling import cpu_s, grows_linearly
from tests.security.hostile_input.hostile import byte_units, repeated, texts, units

LIMITS = ImageLimits()
PACKAGES = (engines.images, engines.privacy.metadata, engines.privacy.pii, engines.privacy.text)
TEXTS = texts()
PATTERN_CHARACTERS = 2000
SEARCH_CHARACTERS = 2000
PHONE_CHARACTERS = 400  # each is looked at by the numbering plans of eight countries
BLOCK_BYTES = 10_000
FILE_BYTES = 40_000


def patterns() -> Iterator[tuple[str, re.Pattern[str] | re.Pattern[bytes]]]:
    """Every compiled pattern of these packages, by module and name."""
    seen: set[int] = set()
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("presidio"):
                continue
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern) and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{found.name.removeprefix('engines.')}.{name}", value


PATTERNS = dict(patterns())


def test_the_patterns_are_found_by_looking() -> None:
    assert len(PATTERNS) > 30
    assert {
        "images.formats.jpeg._MARKER",
        "privacy.pii.contact.online._EMAIL_BY_OCR",
    } <= PATTERNS.keys()


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.slow
def test_every_pattern_is_linear_in_every_hostile_text(name: str) -> None:
    pattern = PATTERNS[name]

    def search(text: str) -> None:
        subject: Any = text if isinstance(pattern.pattern, str) else text.encode()
        for _ in pattern.finditer(subject):
            pass

    slow = [
        case for case, make in TEXTS.items() if not grows_linearly(search, make, PATTERN_CHARACTERS)
    ]
    assert slow == []


def test_a_quadratic_pattern_would_be_noticed() -> None:
    """The measure itself: the pattern that once killed a replica."""
    tags = re.compile("<[^>]*>")
    assert not grows_linearly(lambda text: tags.sub("", text), repeated("<"), 4000)


TEXT_SCANNERS: dict[str, Callable[[str], object]] = {
    "e-mails": lambda text: list(find_emails(text)),
    "links": lambda text: list(find_urls(text)),
    "addresses of machines": lambda text: list(find_ip_addresses(text)),
    "cards": lambda text: list(find_cards(text)),
    "accounts": lambda text: list(find_ibans(text)),
    "social security numbers": lambda text: list(find_ssns(text)),
    "passports": lambda text: list(find_passports(text)),
    "plates": lambda text: list(find_plates(text)),
    "dates of birth": lambda text: list(find_birth_dates(text)),
    "personal data as OCR reads it": lambda text: digitised(narrowed(text)),
    "masking an e-mail": lambda text: masked("email", text),
    "masking a name": lambda text: masked("name", text),
}


@pytest.mark.slow
@pytest.mark.parametrize("scanner", TEXT_SCANNERS)
def test_every_search_of_a_text_is_linear(scanner: str) -> None:
    search = TEXT_SCANNERS[scanner]
    slow = [
        unit for unit in units() if not grows_linearly(search, repeated(unit), SEARCH_CHARACTERS)
    ]
    assert slow == []


def test_sorting_out_overlaps_is_linear() -> None:
    def sort_out(text: str) -> None:
        without_overlaps(Span("x", at, at + 3) for at in range(len(text)))

    assert grows_linearly(sort_out, repeated("a"), 10_000)


@pytest.mark.parametrize(
    "unit", ["1 ", "1.", "+1 ", "(415) ", "4111 1111 1111 ", "tel 1", "0", "1/"]
)
def test_the_search_for_phones_is_linear(unit: str) -> None:
    find = PatternPii(PiiConfig().phone_regions).find
    assert grows_linearly(find, repeated(unit), PHONE_CHARACTERS)


METADATA_SCANNERS: dict[str, Callable[[bytes], object]] = {
    "xmp": lambda block: list(xmp_statements(block)),
    "xmp with a root": lambda block: list(xmp_statements(b"<a>" + block + b"</a>")),
    "iptc": lambda block: list(iptc_statements(block)),
    "photoshop": lambda block: collected("photoshop", block),
    "exif": lambda block: collected("exif", block),
    "png text": lambda block: collected("tEXt", b"Raw profile type exif\0" + block),
    "tail": lambda block: carries_a_file(b"x" + block, 1),
}


def collected(kind: str, block: bytes) -> Metadata:
    walk = Walk(None, (Block(kind, 0, len(block)),))  # type: ignore[arg-type]
    return collect(block, "JPEG", walk, 2**22)


@pytest.mark.parametrize("scanner", METADATA_SCANNERS)
def test_every_reader_of_metadata_is_linear(scanner: str) -> None:
    read = METADATA_SCANNERS[scanner]
    blocks = [*byte_units(), *(unit.encode() for unit in units())]
    slow = [
        unit
        for unit in blocks
        if not grows_linearly(read, lambda size, u=unit: u * (size // len(u)), BLOCK_BYTES)  # type: ignore[misc]
    ]
    assert slow == []


BEGINNINGS = {
    "jpeg": b"\xff\xd8\xff",
    "jpeg in its data": jpeg()[:-2],
    "jpeg and a tail": jpeg(),
    "gif": b"GIF89a\x08\0\x08\0\0\0\0",
    "gif with colors": encoded(picture(), "GIF")[:-1],
    "png": png()[:33],
    "png and a tail": png(),
    "webp": b"RIFF\xff\xff\xff\x00WEBP",
    "tiff": b"II*\0\x08\0\0\0",
    "tiff of many entries": b"MM\0*\0\0\0\x08\xff\xff",
    "big tiff": b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
    "bmp": b"BM\x40\0\0\0",
}


@pytest.mark.slow
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_every_walker_is_linear_behind_every_beginning(beginning: str) -> None:
    def look(content: bytes) -> None:
        try:
            kind, walk = check(content, LIMITS)
        except InvalidImage:
            return
        collect(content, kind, walk, LIMITS.max_metadata_bytes)

    head = BEGINNINGS[beginning]
    slow = [
        unit
        for unit in byte_units()
        if not grows_linearly(look, lambda size, u=unit: head + u * (size // len(u)), FILE_BYTES)  # type: ignore[misc]
    ]
    assert slow == []


def test_directories_that_point_at_each_other_end() -> None:
    circle = struct.pack("<4sLHHHLLL", b"II*\0", 8, 1, 0x8769, 4, 1, 8, 8)
    assert collected("exif", circle).exif
    chain = b"".join(struct.pack("<HL", 0, 14 + 6 * number) for number in range(100_000))
    assert collected("exif", b"II*\0\x08\0\0\0" + chain).unread == ("EXIF",)


def judged(content: bytes, config: MetadataConfig | None = None) -> set[str]:
    reader = MetadataReader(config or MetadataConfig(), PatternPii(("US",)))
    return {issue.type for issue in reader.read(decode(content, LIMITS).metadata)}


def packed(keyword: bytes, text: bytes) -> bytes:
    return chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(text))


def test_texts_beyond_the_budget_are_said_and_not_dropped() -> None:
    few = [packed(b"k%d" % number, b"a word %d " % number * 100) for number in range(4)]
    assert judged(png(*few)) == set()
    small = MetadataConfig(max_text_characters=500)
    assert judged(png(*few), small) == {"metadata_not_checked"}
    hidden = packed(b"last", b"jane.doe@example.com")
    assert judged(png(*few, hidden), small) == {"metadata_not_checked"}


def test_a_clock_that_runs_out_is_said() -> None:
    ticks = iter(range(1000))
    reader = MetadataReader(
        MetadataConfig(max_text_cpu_s=2.5), PatternPii(("US",)), clock=lambda: next(ticks)
    )
    metadata = Metadata(texts=tuple((f"k{number}", f"text {number}") for number in range(9)))
    assert {issue.type for issue in reader.read(metadata)} == {"metadata_not_checked"}


@pytest.mark.parametrize("count", [1, 40])
def test_decompression_bombs_in_texts_cost_their_budget_and_no_more(count: int) -> None:
    bomb = packed(b"k", b"a" * 30_000_000)
    found = decode(png(*[bomb] * count), LIMITS).metadata
    assert sum(len(text) for _, text in found.texts) <= LIMITS.max_metadata_bytes
    assert found.unread


def test_megabytes_of_exif_chunks_are_not_all_read() -> None:
    block = tiff(*[(0x9000 + number, 2, b"abc\0") for number in range(5000)])
    found = decode(png(*[chunk(b"eXIf", block)] * 60), LIMITS).metadata
    assert len(found.exif) <= 20_000
    assert found.unread == ("EXIF",)


def test_an_entity_bomb_is_damaged_metadata() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'
    assert judged(jpeg((0xE1, b"http://ns.adobe.com/xap/1.0/\0" + bomb))) == {"metadata_damaged"}


def test_brackets_in_a_recipe_do_not_end_the_search() -> None:
    deep = chunk(b"iTXt", b"inferloop.recipe\0\0\0\0\0" + b"[" * 60_000 + b" jane.doe@example.com")
    assert "email" in judged(png(deep))


@pytest.mark.slow
def test_no_number_of_different_texts_costs_more_than_the_budget_of_cpu_time() -> None:
    texts = tuple((f"k{at}", f"{at} 1 " * 900) for at in range(100))
    config = MetadataConfig(max_text_cpu_s=0.2)
    reader = MetadataReader(config, PatternPii(PiiConfig().phone_regions))
    spent_s = min(cpu_s(lambda: reader.read(Metadata(texts=texts))) for _ in range(3))
    one_s = cpu_s(lambda: PatternPii(PiiConfig().phone_regions).find(texts[0][1]))
    assert spent_s < 0.2 + 3 * one_s  # the piece that was begun is finished
    assert {issue.type for issue in reader.read(Metadata(texts=texts))} == {"metadata_not_checked"}


def test_four_hundred_kilobytes_of_ff_are_refused_at_once() -> None:
    with pytest.raises(InvalidImage):
        probe(b"\xff\xd8\xff" + b"\xff" * 400_000, LIMITS)


@pytest.mark.slow
@pytest.mark.parametrize("tail", [b"\xff\xd8\xff", b"\xff\xd8\xff\xe1\x00\x02", b"ftyp", b"\xff"])
def test_what_stands_behind_a_picture_is_searched_in_proportion(tail: bytes) -> None:
    first = encoded(picture(), "JPEG")

    def search(behind: bytes) -> object:
        return further_pictures(first + behind, LIMITS, FurtherLimits())

    assert grows_linearly(search, lambda size: tail * (size // len(tail)), FILE_BYTES)


@pytest.mark.slow
def test_many_starts_before_a_long_tail_are_bounded() -> None:
    first = encoded(picture(), "JPEG")
    once = cpu_s(lambda: further_pictures(first + b"\0" * 10**6, LIMITS, FurtherLimits()))
    starts = b"\xff\xd8\xff\xe1\x00\x02" * 4000
    found = further_pictures(first + starts + b"\0" * 10**6, LIMITS, FurtherLimits())
    spent = cpu_s(lambda: further_pictures(first + starts + b"\0" * 10**6, LIMITS, FurtherLimits()))
    assert found.unread == ["pictures behind the picture"]
    assert spent < 100 * once + 1.0
