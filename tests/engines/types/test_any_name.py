"""Rules of names, held against any text instead of examples."""

from __future__ import annotations

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from engines.errors import InvalidParameters
from engines.types.image_formats import (
    IMAGE_MEDIA_TYPES,
    SUFFIX_BY_FORMAT,
    is_document_name,
    is_hidden,
    is_image_name,
)
from engines.types.metric_names import FORMER, present_name, with_present_names
from engines.types.storage import SPACES_FOLDER, check_space

ALPHABET = st.characters(codec="utf-8") | st.sampled_from("aZ09-._/ \n")
ANY = st.text(ALPHABET, max_size=70)
PLAIN = st.text("ab0-", min_size=1, max_size=63).filter(lambda name: name.strip("-") == name)
SUFFIXES = st.sampled_from([*IMAGE_MEDIA_TYPES, ".json", ".md", ".exe", ""])


@given(ANY)
def test_a_space_is_one_folder_on_every_file_system(name: str) -> None:
    try:
        taken = check_space(name)
    except InvalidParameters:
        return
    assert taken == name == name.casefold()
    assert name.isascii()
    assert PurePosixPath(SPACES_FOLDER, name).parts == (SPACES_FOLDER, name)
    assert 1 <= len(name.encode()) <= 63


@given(PLAIN)
def test_letters_and_digits_with_dashes_between_are_a_space(name: str) -> None:
    assert check_space(name) == name


@given(ANY, SUFFIXES, st.booleans())
def test_a_file_is_an_image_by_the_end_of_its_name_alone(
    stem: str, suffix: str, upper: bool
) -> None:
    name = stem + (suffix.upper() if upper else suffix)
    if suffix in IMAGE_MEDIA_TYPES:
        assert is_image_name(name) != is_hidden(name)
    if suffix:
        assert is_document_name(name) == (suffix in (".json", ".md"))
    assert not (is_image_name(name) and is_document_name(name))


@given(st.lists(st.text("a.", min_size=1, max_size=3), min_size=1, max_size=4))
def test_hidden_is_what_any_part_of_the_path_hides(parts: list[str]) -> None:
    assert is_hidden("/".join(parts)) == any(part.startswith(".") for part in parts)


def test_every_format_has_a_suffix_of_its_own_media_type() -> None:
    for name, suffix in SUFFIX_BY_FORMAT.items():
        kind = IMAGE_MEDIA_TYPES[suffix].removeprefix("image/")
        assert name.lower() in (kind, "heif")


@given(st.dictionaries(st.sampled_from(["sharpness", "noise", *FORMER]), st.integers()))
def test_present_names_are_kept_and_former_ones_replaced_once(values: dict[str, int]) -> None:
    found = with_present_names(values)
    assert not found.keys() & FORMER.keys()
    assert with_present_names(found) == found
    assert {present_name(name) for name in values} == found.keys()
