"""What the docstrings of the sources promise: order, precedence, and what is skipped in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.ray_jobs.package import package_folder, package_name
from inferloop_synthdata.sources.images import begins_like_an_image, folder_images
from inferloop_synthdata.sources.labeled import labeled_pictures

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


def folder_with(root: Path, **files: bytes) -> Path:
    """A folder with these files; `__` in a name stands for a slash, `_dot_` for a dot."""
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def test_tables_and_hidden_files_are_skipped_and_only_others_are_reported(tmp_path: Path) -> None:
    files = {
        "b_dot_png": PNG,
        "a__z_dot_jpg": PNG,
        "notes_dot_md": b"#",
        "_dot_hidden_dot_png": PNG,
    }
    folder = folder_with(tmp_path, **files, tool_dot_exe=b"MZ", unnamed=PNG)
    reported: list[str] = []
    names = [image.name for image in folder_images(folder, reported.append)]
    assert names == ["z.jpg", "b.png", "unnamed"]
    assert reported == ["tool.exe"]


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="not a folder"):
        list(folder_images(tmp_path / "none"))


@pytest.mark.parametrize("content", [PNG, b"\xff\xd8\xff\xe0", b"....ftypavif", b"GIF89a"])
def test_the_first_bytes_of_an_image_are_known(content: bytes) -> None:
    assert begins_like_an_image(content)
    assert not begins_like_an_image(b"text " + content)


def test_a_table_gives_the_order_and_an_images_own_label_takes_precedence(tmp_path: Path) -> None:
    table = b"file_name,text,animal,place\nb.png,two,fox,\na.png,,cat,lake\n"
    folder = folder_with(tmp_path, a_dot_png=PNG, b_dot_png=PNG, metadata_dot_csv=table)
    first, second = labeled_pictures(folder, labels={"animal": "any", "time": "day"})
    assert (first.file.name, first.prompt) == ("b.png", "two")
    assert first.labels == {"animal": "fox", "time": "day"}  # an empty cell is no label
    assert (second.file.name, second.prompt) == ("a.png", None)
    assert second.labels == {"animal": "cat", "place": "lake", "time": "day"}


def test_without_a_table_the_first_folder_is_the_label(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, fox__deep__1_dot_jpg=PNG, top_dot_jpg=PNG)
    deep, top = labeled_pictures(folder, label="animal")
    assert deep.labels == {"animal": "fox"}
    assert top.labels == {}


def test_a_package_depends_on_the_content_alone(tmp_path: Path) -> None:
    one = folder_with(tmp_path / "one", a_dot_txt=b"same", _dot_git__x=b"1")
    two = folder_with(tmp_path / "two", _dot_git__x=b"2", a_dot_txt=b"same")
    assert package_folder(one) == package_folder(two)
    other = folder_with(tmp_path / "three", a_dot_txt=b"different")
    assert package_name(package_folder(one)) != package_name(package_folder(other))
