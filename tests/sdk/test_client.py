"""The client around its endpoints: address, key, uploads, answers outside the contract."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from inferloop_synthdata import SyntheticImageClient, UnexpectedAnswer
from tests.sdk.conftest import KEY, Caller
from tests.sdk.operations.answers import GENERATED


@pytest.mark.parametrize(
    "base_url",
    [
        "http://service.test",
        "http://service.test/",
        "http://service.test/api/v1",
        "http://service.test/api/v1/",
        " http://service.test ",
    ],
)
def test_the_base_url_may_have_the_prefix(caller: Caller, base_url: str) -> None:
    caller.base_url = base_url

    def handler(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "http://service.test/api/v1/datasets"
        return httpx.Response(200, json={"datasets": []})

    assert caller.call(handler, "list_datasets") == {"datasets": []}


@pytest.mark.parametrize(
    "base_url",
    ["", "service.test:8000", "ftp://service.test", "http://", "http://u:p@h", "http://h?a"],
)
def test_a_base_url_that_cannot_work_is_refused_at_once(base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        SyntheticImageClient(api_key=KEY, base_url=base_url)


@pytest.mark.parametrize("api_key", ["", "kéy", "a\nb"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(api_key: str) -> None:
    with pytest.raises(ValueError, match="api_key") as caught:
        SyntheticImageClient(api_key=api_key)
    assert not api_key or api_key not in str(caught.value)


def test_the_served_model_comes_with_the_image(caller: Caller) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=GENERATED, headers={"X-Served-Model": "inferloop-mini"})

    assert caller.call(handler, "generate_image", prompt="p")["served_model"] == "inferloop-mini"


def test_an_upload_is_a_form_with_the_file(caller: Caller, tmp_path: Path) -> None:
    picture = tmp_path / "cat.jpg"
    picture.write_bytes(b"\xff\xd8picture")
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"image_path": "/data/uploads/x.jpg", "size_bytes": 9})

    answer = caller.call(handler, "upload_image", picture, folder="cats")
    caller.call(handler, "upload_image", b"\x89PNG", file_name="dog.png")

    assert answer["image_path"] == "/data/uploads/x.jpg"
    assert seen[0].url.query == b"folder=cats"
    assert seen[0].headers["content-type"].startswith("multipart/form-data")
    assert b'name="file"; filename="cat.jpg"\r\nContent-Type: image/jpeg' in seen[0].content
    assert b"\xff\xd8picture" in seen[0].content
    assert b'filename="dog.png"\r\nContent-Type: image/png' in seen[1].content
    assert seen[1].url.query == b""


def test_a_missing_upload_is_an_os_error_and_sends_nothing(caller: Caller, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        caller.call(lambda request: pytest.fail("sent"), "upload_image", tmp_path / "no.png")


@pytest.mark.parametrize("content", [b"<html>hello</html>", b"[]", b"", b"null", b'{"x": 1}'])
def test_an_answer_of_another_shape_is_named_as_such(caller: Caller, content: bytes) -> None:
    with pytest.raises(UnexpectedAnswer):
        caller.call(lambda request: httpx.Response(200, content=content), "list_profiles")
