"""Which files of a folder are images by their names, which are about images, which are hidden."""

from __future__ import annotations

import mimetypes

import pytest

from engines.types.image_formats import (
    IMAGE_MEDIA_TYPES,
    IMAGE_SUFFIXES,
    SUFFIX_BY_FORMAT,
    is_document_name,
    is_hidden,
    is_image_name,
)


@pytest.mark.parametrize("suffix", IMAGE_SUFFIXES)
def test_every_known_suffix_is_an_image_in_any_case(suffix: str) -> None:
    assert is_image_name(f"folder/fox{suffix}")
    assert is_image_name(f"FOX{suffix.upper()}")
    assert not is_document_name(f"fox{suffix}")


@pytest.mark.parametrize("name", ["fox", "fox.txt", "png", "fox.png.part", "fox.svg", ""])
def test_other_names_are_no_images(name: str) -> None:
    assert not is_image_name(name)


@pytest.mark.parametrize("name", ["._fox.png", ".thumbnails/fox.png", "a/.trash/fox.png"])
def test_what_tools_leave_behind_is_hidden(name: str) -> None:
    assert is_hidden(name)
    assert not is_image_name(name)


@pytest.mark.parametrize("name", ["a.b/fox.png", "fox..png", "a/b.c/d.png"])
def test_a_dot_inside_a_name_hides_nothing(name: str) -> None:
    assert not is_hidden(name)
    assert is_image_name(name)


@pytest.mark.parametrize("name", ["labels.csv", "README.MD", "a/metadata.jsonl", "set.parquet"])
def test_tables_and_notes_are_documents(name: str) -> None:
    assert is_document_name(name)
    assert not is_image_name(name)


def test_a_new_file_of_any_format_is_found_again_by_its_suffix() -> None:
    for suffix in SUFFIX_BY_FORMAT.values():
        assert is_image_name(f"fox{suffix}")


def test_media_types_are_those_that_other_programs_use() -> None:
    for suffix in (".png", ".jpg", ".gif", ".webp", ".bmp", ".tiff"):
        ours = IMAGE_MEDIA_TYPES[suffix]
        known = mimetypes.guess_type(f"fox{suffix}")[0]
        assert known is None or known in (ours, ours.replace("/", "/x-ms-"))
