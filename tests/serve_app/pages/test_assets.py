"""Files of the pages: compressed or not, sent again or not, and under which policy."""

from __future__ import annotations

import gzip

import pytest
from starlette.datastructures import Headers

from serve_app.pages.assets import ASSETS, INDEX, PAGE_POLICY, Content, answer, packed_answer

CONTENT = Content.of(b"the same words, the same words")


@pytest.mark.parametrize(
    "accepted",
    ["gzip", "GZIP", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8", "deflate , gzip ; q=0.001"],
)
def test_who_accepts_gzip_gets_it(accepted: str) -> None:
    found = packed_answer(CONTENT, "text/plain", Headers({"Accept-Encoding": accepted}))
    assert found.headers["content-encoding"] == "gzip"
    assert gzip.decompress(bytes(found.body)) == CONTENT.plain


@pytest.mark.parametrize("accepted", ["", "identity", "br", "x-gzip", "gzip;q=0", "gzip; q=0.000"])
def test_who_does_not_gets_the_file_as_it_is(accepted: str) -> None:
    found = packed_answer(CONTENT, "text/plain", Headers({"Accept-Encoding": accepted}))
    assert "content-encoding" not in found.headers
    assert bytes(found.body) == CONTENT.plain


@pytest.mark.parametrize("known", ["{}", '"other", {}', '{}, "other"'])
def test_a_copy_that_is_current_is_not_sent_again(known: str) -> None:
    asked = Headers({"If-None-Match": known.format(CONTENT.tag)})
    found = packed_answer(CONTENT, "text/plain", asked)
    assert (found.status_code, bytes(found.body)) == (304, b"")
    assert found.headers["etag"] == CONTENT.tag


@pytest.mark.parametrize("known", ["", '"other"', Content.of(b"older").tag])
def test_another_copy_is_replaced(known: str) -> None:
    found = packed_answer(CONTENT, "text/plain", Headers({"If-None-Match": known}))
    assert (found.status_code, bytes(found.body)) == (200, CONTENT.plain)


def test_caches_keep_both_forms_apart_and_ask_each_time() -> None:
    found = packed_answer(CONTENT, "text/plain", Headers({}))
    assert (found.headers["vary"], found.headers["cache-control"]) == (
        "Accept-Encoding",
        "no-cache",
    )


def test_equal_files_have_equal_tags_and_bytes() -> None:
    assert Content.of(CONTENT.plain) == CONTENT
    assert Content.of(CONTENT.plain + b".").tag != CONTENT.tag
    assert Content.of(b"").plain == b""


@pytest.mark.parametrize("path", [*ASSETS, "/"])
def test_a_page_has_the_policy_and_other_files_need_none(path: str) -> None:
    asset = ASSETS.get(path, INDEX)
    found = answer(asset, Headers({}))
    assert found.status_code == 200
    assert found.headers["content-type"].startswith(asset.media_type.partition(";")[0])
    shown = found.headers.get("content-security-policy")
    assert shown == (PAGE_POLICY if asset.media_type.startswith("text/html") else None)


def test_the_policy_lets_no_script_and_no_request_leave_the_host() -> None:
    rules = dict(rule.split(" ", 1) for rule in PAGE_POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    for kind in ("script-src", "style-src", "connect-src"):
        assert rules[kind] == "'self'"
    assert "unsafe" not in PAGE_POLICY
