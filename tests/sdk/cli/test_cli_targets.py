"""Where the command line writes, what it refuses to overlook, and keys that go on for a while."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from inferloop_synthdata import SyntheticImageClient
from inferloop_synthdata.cli.keys_file import KeysFile, NewKey
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.marks.replaying import difference, pixels_as_recorded, recipe_of
from inferloop_synthdata.sources.unsplash import unsplash_images
from serve_app.access.api_keys import ApiKeys
from tests.engines.provenance.conftest import some_png
from tests.sdk.cli.command_line import CommandLine, Service
from tests.sdk.cli.commands.test_cli_marks import SOUND, anchor_file, signed_folder
from tests.sdk.cli.commands.test_cli_reports import Reporting
from tests.sdk.conftest import KEY
from tests.sdk.marks.marked import marked_file, nobody

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


# Folders as targets


def test_a_report_lands_in_a_folder_under_the_dataset_s_name(tmp_path: Path) -> None:
    line = CommandLine(Reporting())
    assert line.run("dataset", "report", "birds", "--out", str(tmp_path)) == 0
    assert (tmp_path / "birds.html").read_bytes() == b"<!doctype html>the page"
    assert line.err == f"saved to {tmp_path / 'birds.html'}\n"
    assert "1,200 images" in line.out


def test_a_plot_lands_in_a_folder_under_the_profile_s_name(tmp_path: Path) -> None:
    compared = {"conformance": 90.0, "profile": "cats"}
    service = Service(profiles_cats_compare=compared, profiles_cats_compare_plot=b"<svg/>")
    line = CommandLine(service)
    argv = ("profile", "compare", "cats", "--profile", "dogs", "--plot", str(tmp_path))
    assert line.run(*argv) == 0
    assert (tmp_path / "cats.svg").read_bytes() == b"<svg/>"
    assert f"drew {tmp_path / 'cats.svg'}" in line.err


@pytest.mark.parametrize(
    ("path", "side", "name"),
    [
        ("/data/generated/a.png", None, "a.png"),
        ("s3://bucket/generated/a b.png", None, "a b.png"),
        ("/data/generated/a.b.png", 64, "a.b.webp"),
        ("/data/generated/狐.png", None, "狐.png"),
    ],
)
def test_a_picture_lands_in_a_folder_under_its_last_name(
    path: str, side: Any, name: str, tmp_path: Path
) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=b"picture"))
    with SyntheticImageClient(KEY, transport=transport) as client:
        assert client.download_image(path, to=tmp_path, side=side) == tmp_path / name
    assert (tmp_path / name).read_bytes() == b"picture"


# Options of verify that nobody would look at


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("{file}", "--trust", "{anchor}"), "--trust needs"),
        (("--stored", "/data/a.png", "--trust", "{anchor}"), "--trust needs"),
        (("--server-dataset", "d", "--trust", "{anchor}"), "--trust needs"),
        (("--log", "--trust", "{anchor}"), "--trust needs"),
        (("--stored", "/data/a.png", "--offline"), "--offline needs FILE"),
        (("--log", "--offline"), "--offline needs FILE"),
        (("{file}", "--sheet", "{anchor}"), "--sheet needs"),
        (("--server-dataset", "d", "--watermark"), "--watermark is for images"),
        (("--dataset", "{folder}", "--watermark"), "--watermark is for images"),
        (("{file}", "--offline", "--watermark"), "--watermark is for images"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_option_that_would_not_be_looked_at_is_refused(
    argv: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    """Who names an authority must not believe that its word decided."""
    known = {"{file}": marked_file(tmp_path), "{anchor}": anchor_file(tmp_path)}
    known["{folder}"] = tmp_path
    line = CommandLine(nobody)
    assert line.run("verify", *(str(known.get(word, word)) for word in argv)) == 2
    assert said in line.err


@pytest.mark.parametrize(
    "comment", [b"# Autoridad de Certificaci\xc3\xb3n\n", b"\xef\xbb\xbf", b"\r\n"]
)
def test_a_list_of_authorities_may_have_words_between_them(comment: bytes, tmp_path: Path) -> None:
    """As the lists that browsers and systems keep."""
    anchor, folder = anchor_file(tmp_path), signed_folder(tmp_path / "root")
    anchor.write_bytes(comment + anchor.read_bytes())
    line = CommandLine(nobody, environ={})
    assert line.run("verify", "--dataset", str(folder), "--trust", str(anchor)) == 0
    assert "signature: trusted" in line.out
    picture = marked_file(tmp_path)
    assert line.run("verify", str(picture), "--offline", "--trust", str(anchor)) == 0
    assert "signature: trusted" in line.out


def test_a_file_without_an_authority_is_wrong_usage_and_no_verdict(tmp_path: Path) -> None:
    folder = signed_folder(tmp_path / "root")
    (tmp_path / "not.pem").write_text("hello")
    line = CommandLine(nobody, environ={})
    argv = ("--dataset", str(folder), "--trust", str(tmp_path / "not.pem"))
    assert line.run("verify", *argv) == 2
    assert line.run("verify", "--dataset", str(folder), "--trust", str(tmp_path / "none")) == 2


def test_a_service_that_is_away_is_not_a_changed_file(tmp_path: Path) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    line = CommandLine(away)
    assert line.run("verify", str(marked_file(tmp_path))) == 2
    line.handler = Service(verify=SOUND)
    assert line.run("verify", str(marked_file(tmp_path))) == 0


# A picture that cannot be replayed


def damaged_picture() -> bytes:
    """Its recipe can be read and its pixels cannot."""
    png = some_png(side=16)[0]
    at = png.index(b"IDAT") + 20
    return png[:at] + bytes(8) + png[at + 8 :]


def test_a_damaged_picture_is_not_taken_for_one_that_came_out_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "fox.png"
    path.write_bytes(damaged_picture())
    line = CommandLine(nobody)
    assert line.run("replay", str(path)) == 2
    assert line.err == "inferloop: the picture cannot be read: the file is damaged\n"


def test_no_picture_of_any_kind_is_an_error_of_a_library() -> None:
    content = damaged_picture()
    with pytest.raises(ValueError, match="cannot be read"):
        pixels_as_recorded(content, recipe_of(content))
    small = io.BytesIO()
    Image.new("RGB", (2, 2)).save(small, "PNG")
    for other in (b"", b"\x89PNG\r\n\x1a\n", small.getvalue()[:40]):
        with pytest.raises(ValueError, match="cannot be read"):
            difference(small.getvalue(), other)


# Keys


def entries(file: KeysFile) -> dict[object, dict[str, object]]:
    return {entry["name"]: entry for entry in file.entries()}


@pytest.mark.parametrize(
    ("expires_h", "keep_h", "ends_h"),
    [(None, 24, 24), (1, 24, 1), (48, 24, 24), (24, 24, 24)],
    ids=["never", "sooner", "later", "together"],
)
def test_an_old_key_never_goes_on_longer_than_it_would_have(
    expires_h: int | None, keep_h: int, ends_h: int, tmp_path: Path
) -> None:
    file = KeysFile(tmp_path / "keys")
    expires = None if expires_h is None else NOW + timedelta(hours=expires_h)
    file.create(NewKey("ci", expires=expires), NOW)
    file.rotate("ci", NOW, NOW + timedelta(hours=keep_h))
    ends = datetime.fromisoformat(str(entries(file)["ci.old"]["expires"]))
    assert ends == NOW + timedelta(hours=ends_h)


def test_a_date_written_by_hand_counts_too(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    mine = {"name": "ci", "key_sha256": "0" * 64, "scopes": "all", "expires": "2026-03-01T13:00"}
    path.write_text(json.dumps({"keys": [mine]}))
    KeysFile(path).rotate("ci", NOW, NOW + timedelta(days=9))
    assert entries(KeysFile(path))["ci.old"]["expires"] == "2026-03-01T13:00:00+00:00"


@pytest.mark.parametrize("length", [1, 60])
def test_a_key_of_any_name_with_room_is_rotated_and_the_service_reads_it(
    length: int, tmp_path: Path
) -> None:
    path = tmp_path / "keys"
    file = KeysFile(path)
    old = file.create(NewKey("k" * length), NOW)
    new = file.rotate("k" * length, NOW, datetime(2999, 1, 1, tzinfo=UTC))
    keys = ApiKeys(file=path)
    assert keys.identify(old) is not None
    assert keys.identify(new) is not None


@pytest.mark.parametrize("length", [61, 64])
def test_a_name_without_room_leaves_a_file_that_the_service_reads(
    length: int, tmp_path: Path
) -> None:
    """With a name that is too long in it, the service would take none of its keys."""
    path = tmp_path / "keys"
    file = KeysFile(path)
    old = file.create(NewKey("k" * length), NOW)
    with pytest.raises(UsageProblem, match="--at-once"):
        file.rotate("k" * length, NOW, NOW + timedelta(hours=1))
    assert ApiKeys(file=path).identify(old) is not None
    new = file.rotate("k" * length, NOW, None)
    assert ApiKeys(file=path).identify(new) is not None
    assert ApiKeys(file=path).identify(old) is None


# Photographs of another service


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"text": "<html>"}, "not a list of photos"),
        ({"json": []}, "not a list of photos"),
        ({"json": {}}, "not a list of photos"),
        ({"json": {"results": None}}, "not a list of photos"),
        ({"json": {"results": [3]}}, "without a URL"),
        ({"json": {"results": [{"urls": {"regular": 3}}]}}, "without a URL"),
        ({"json": {"results": [{"urls": []}]}}, "without a URL"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_an_answer_that_is_no_list_of_photos_is_said(answer: dict[str, Any], said: str) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, **answer))
    with pytest.raises(UsageProblem, match=said):
        next(unsplash_images("fox", "access", transport))
