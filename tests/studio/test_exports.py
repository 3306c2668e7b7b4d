"""Exports and reports, in a browser: every format, splits, figures, near-copies."""

from __future__ import annotations

import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.studio.conftest import Studio
from tests.studio.many import make_many
from tests.studio.steps import enter, go

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

COUNT = 12


@pytest.fixture(scope="module")
def herd(studio: Studio) -> str:
    """Twelve images that look alike."""
    make_many(studio.root, "herd", COUNT)
    return "herd"


def export(page: Page, kind: str) -> None:
    page.get_by_label("Format").select_option(kind)
    page.get_by_role("button", name="Export", exact=True).click()


def saved(page: Page, name: str) -> Path:
    """The file, as the browser has saved it."""
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Download {name}").click()
    assert download.value.suggested_filename == name
    assert "ticket=" in download.value.url
    return Path(download.value.path())


def images_in(path: Path) -> int:
    with zipfile.ZipFile(path) as packed:
        return sum(name.endswith(".png") for name in packed.namelist())


def shard_images(path: Path) -> int:
    with tarfile.open(path) as shard:
        return sum(name.endswith(".png") for name in shard.getnames())


FORMATS: dict[str, tuple[str, Callable[[Path], int]]] = {
    "jsonl": ("herd-jsonl.jsonl", lambda path: len(path.read_text().splitlines())),
    "csv": ("herd-csv.csv", lambda path: len(path.read_text().splitlines()) - 1),
    "coco": ("herd-coco.json", lambda path: len(json.loads(path.read_text())["images"])),
    "imagefolder": ("herd-imagefolder.zip", images_in),
    "webdataset": ("data-000000.tar", shard_images),
}


def test_every_format_is_written_and_saved_whole(page: Page, studio: Studio, herd: str) -> None:
    enter(page, studio, f"datasets/{herd}")
    for kind, (name, count) in FORMATS.items():
        export(page, kind)
        assert count(saved(page, name)) == COUNT, kind
    export(page, "parquet")
    content = saved(page, "herd-parquet.parquet").read_bytes()
    assert (content[:4], content[-4:]) == (b"PAR1", b"PAR1")


def test_splits_are_shown_with_their_files(page: Page, studio: Studio, herd: str) -> None:
    enter(page, studio, f"datasets/{herd}")
    written = page.get_by_role("region", name="What was written")
    page.get_by_label("Splits").select_option("usual")
    export(page, "jsonl")
    written.get_by_text("train", exact=True).wait_for()
    files = written.get_by_role("button")
    assert files.count() > 1
    sizes = [len(saved(page, name).read_text().splitlines()) for name in names(page)]
    assert sum(sizes) == COUNT
    page.get_by_label("Splits").select_option("clusters")
    export(page, "parquet")
    page.get_by_role("button", name="Download herd-parquet-").first.wait_for()
    assert files.count() == 1  # all of them look alike: they stay together


def names(page: Page) -> list[str]:
    written = page.get_by_role("region", name="What was written")
    return [each.inner_text() for each in written.locator("code").all()]


def test_a_report_shows_figures_and_leads_to_near_copies(
    page: Page, studio: Studio, herd: str
) -> None:
    enter(page, studio, f"datasets/{herd}")
    page.get_by_role("button", name="Make the report").click()
    page.get_by_text(f"{COUNT} images of {COUNT} look like another one, in 1 group.").wait_for()
    page.get_by_text("animal: fox").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="As one page").click()
    assert download.value.suggested_filename == "herd-report.html"
    page.get_by_role("link", name=f"{COUNT} images like").click()
    page.get_by_role("heading", name="Look").wait_for()
    page.get_by_text(f"{COUNT} images", exact=True).wait_for()
    page.get_by_text("near-copies of").wait_for()
    go(page, f"look/{herd}?cluster=none")
    page.get_by_text("No image is like that").wait_for()
