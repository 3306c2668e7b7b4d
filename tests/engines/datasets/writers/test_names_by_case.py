"""Names that macOS and Windows take for one another stay apart in an archive of class folders."""

from __future__ import annotations

import io
import zipfile

from engines.datasets.writers.encoding.class_folders import ClassFolderEncoder
from engines.datasets.writers.encoding.class_table import ClassTable
from engines.datasets.writers.hashed_file import HashedFile


def members(*images: tuple[str, str]) -> list[str]:
    """Names in the archive of images, each an id and its class."""
    classes = tuple(sorted({animal for _, animal in images}))
    file = io.BytesIO()
    encoder = ClassFolderEncoder(HashedFile(file), ClassTable({"animal": classes}, "animal"))
    for image_id, animal in images:
        known = {"format": "PNG", "created_at": "2026-01-01T00:00:00+00:00"}
        encoder.add({**known, "id": image_id, "labels": {"animal": animal}}, b"pixels")
    encoder.finish()
    return zipfile.ZipFile(file).namelist()


def test_classes_that_differ_in_their_case_stay_two() -> None:
    folders = [name.partition("/")[0] for name in members(("a", "Fox"), ("b", "cat"), ("c", "fox"))]
    assert len({folder.casefold() for folder in folders}) == 3
    assert folders[1] == "cat"
    assert folders[0].startswith("Fox~")


def test_images_that_differ_in_their_case_stay_two() -> None:
    names = members(("a", "fox"), ("A", "fox"), ("b", "fox"))
    assert len({name.casefold() for name in names}) == 3
    assert names[0] == "fox/a.png"
