"""From nothing to a signed export, in a browser: a declared dataset of five classes, an image of
one's own, decisions, a file, a bucket of an S3 server, a signature."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from engines.storage.s3.client import S3Client, S3ClientConfig, make_s3_client
from engines.types import AllowedBuckets
from tests.moto_s3 import moto_s3
from tests.studio.application import listening, studio_app, studio_services
from tests.studio.conftest import Studio
from tests.studio.steps import api, enter, go
from tests.studio.test_profiles import drop, png

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ANIMALS = ("cat", "deer", "fox", "hare", "owl")
BUCKET = "pictures"
LONG_MS = 600_000
SPEC = f"""\
name: winter
quotas: {{animal: {{{", ".join(f"{animal}: 2" for animal in ANIMALS)}}}}}
attributes:
  animal: [{", ".join(ANIMALS)}]
prompt: "a {{animal}} in the snow"
generation: {{width: 64, height: 64, num_inference_steps: 2}}
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 server with one bucket, and credentials for it where the service looks for them."""
    with moto_s3() as url, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        bucket_of(url).create_bucket(Bucket=BUCKET)
        yield url


def bucket_of(endpoint: str) -> S3Client:
    return make_s3_client(S3ClientConfig(endpoint_url=endpoint))


@pytest.fixture(scope="module")
def studio(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser, endpoint: str
) -> Iterator[Studio]:
    root = tmp_path_factory.mktemp("winter")
    allowed = AllowedBuckets("INFERLOOP_S3_EXPORT_BUCKETS", frozenset({BUCKET}))
    services = studio_services(root, s3_endpoint_url=endpoint, buckets=allowed)
    with listening(studio_app(root, services)) as url:
        yield Studio(url, root)


def test_five_classes_from_nothing_to_a_signed_export(
    page: Page, studio: Studio, endpoint: str
) -> None:
    make(page, studio)
    add_one(page)
    accept_all_but_one(page)
    go(page, "datasets/winter")
    page.locator("select", has=page.locator("option", has_text="Accepted alone")).select_option(
        "accepted"
    )
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download(timeout=LONG_MS) as download:
        page.get_by_role("button", name="Download winter-parquet.parquet").click(timeout=LONG_MS)
    rows: list[dict[str, Any]] = pq.read_table(download.value.path()).to_pylist()
    assert len(rows) == 10
    assert [row["image"]["bytes"][:4] for row in rows] == [b"\x89PNG"] * 10
    assert {row["review"]["decision"] for row in rows} == {"accepted"}
    to_a_bucket(page, endpoint)
    page.get_by_role("button", name="Sign", exact=True).click()
    page.get_by_text("signed with a development key").wait_for(timeout=LONG_MS)
    page.get_by_role("button", name="Check", exact=True).click()
    page.get_by_text("unchanged", exact=True).wait_for(timeout=LONG_MS)
    change_one_file(studio.root)
    page.get_by_role("button", name="Check", exact=True).click()
    page.get_by_text("changed since").wait_for(timeout=LONG_MS)


def make(page: Page, studio: Studio) -> None:
    enter(page, studio, "declare")
    page.get_by_label("Declaration").fill(SPEC)
    page.get_by_role("heading", name="10 images").wait_for()
    page.get_by_role("button", name="Make the dataset").click()
    page.get_by_text("10 of 10 images").wait_for(timeout=LONG_MS)
    page.get_by_role("button", name="Validate all").click()
    page.get_by_text("Mean score").first.wait_for(timeout=LONG_MS)
    for animal in ANIMALS:
        page.get_by_role("link", name=animal).wait_for()
    found = api(page, "GET", f"{studio.url}/api/v1/datasets/winter")
    assert found["labels"]["animal"] == dict.fromkeys(ANIMALS, 2)


def add_one(page: Page) -> None:
    """A picture of one's own is the eleventh."""
    page.get_by_role("link", name="Add pictures").click()
    page.get_by_label("Name of the label").fill("animal")
    drop(page, page.locator(".drop"), [("own.png", "image/png", png((90, 90, 200)))])
    page.get_by_label("Label of group 1").fill("owl")
    page.get_by_role("button", name="Add 1 picture").click()
    page.get_by_role("heading", name="What is in it").wait_for()


def accept_all_but_one(page: Page) -> None:
    go(page, "look/winter")
    page.locator(".cell img").nth(10).wait_for()
    page.get_by_role("gridcell").first.get_by_role("button").focus()
    page.keyboard.press("Control+a")
    page.get_by_text("11 images chosen").wait_for()
    page.get_by_role("button", name="Accept", exact=True).click()
    page.get_by_role("gridcell").nth(10).get_by_text("accepted").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("gridcell").last.get_by_role("button").focus()
    with page.expect_response(lambda answer: "rejected" in (answer.request.post_data or "")):
        page.keyboard.press("r")


def to_a_bucket(page: Page, endpoint: str) -> None:
    """Another bucket than the service's is refused; in its own lie the images and what they are."""
    page.get_by_label("Format").select_option("s3")
    page.get_by_role("textbox", name="Bucket").fill("somebody-elses")
    page.get_by_role("textbox", name="Prefix").fill("sets/winter")
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_text("INFERLOOP_S3_EXPORT_BUCKETS").first.wait_for()
    page.get_by_role("textbox", name="Bucket").fill(BUCKET)
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_text(f"s3://{BUCKET}/sets/winter/manifest.json").wait_for(timeout=LONG_MS)
    client = bucket_of(endpoint)
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix="sets/winter/")["Contents"]
    names = {each["Key"].removeprefix("sets/winter/") for each in listed}
    assert {"manifest.json", "README.md"} <= names
    table = next(name for name in names if name.endswith("metadata.jsonl"))
    body = client.get_object(Bucket=BUCKET, Key=f"sets/winter/{table}")["Body"].read()
    records = [json.loads(line) for line in io.BytesIO(body)]
    assert len(records) == 10
    assert {record["label_animal"] for record in records} == set(ANIMALS)
    assert sum(name.endswith(".png") for name in names) == 10


def change_one_file(root: Path) -> None:
    """As somebody would who has the folder."""
    image = sorted((root / "generated" / "winter").glob("*.png"))[0]
    image.write_bytes(image.read_bytes() + b"x")
