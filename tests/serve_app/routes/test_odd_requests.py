"""Requests as odd clients, proxies and hurried people send them: each gets an answer in words."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.serve_app.api import KEY

V1 = "/api/v1"
JSON = {"Content-Type": "application/json"}


def fault(answer: Any) -> tuple[int, str, str]:
    """Status, parameter, message without its beginning."""
    error = answer.json()["error"]
    message = error["message"].removeprefix("Invalid parameter: ")
    return answer.status_code, error["details"].get("parameter", ""), message


# Bodies


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"prompt": "a"}',
        '{"prompt": "a"}'.encode("utf-16"),
        b' \n\t{"prompt":"a"}\r\n ',
        b'{"prompt": "a", "seed": -0}',
        '{"prompt": "ein Füchschen 狐 🦊"}'.encode(),
        b'{"prompt": "\\ud83e\\udd8a"}',
        b'{"prompt": "a", "seed": null, "metadata": null}',
    ],
    ids=["bom", "utf-16", "spaces", "minus-zero", "utf-8", "pair", "nulls"],
)
def test_json_of_any_writer_is_read(service: TestClient, body: bytes) -> None:
    answer = service.post(f"{V1}/generate", content=body, headers=JSON)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("body", "parameter", "said"),
    [
        (b"", "body", "is required"),
        (b"null", "body", "must be an object"),
        (b'"a"', "body", "must be an object"),
        (b"[]", "body", "must be an object"),
        (b"3", "body", "must be an object"),
        (b"{", "body", "must be valid JSON"),
        (b'{"prompt": "a"} x', "body", "must be valid JSON"),
        (b'{"prompt": "a" /* c */}', "body", "must be valid JSON"),
        (b"{'prompt': 'a'}", "body", "must be valid JSON"),
        (b'{"prompt": "\xe9"}', "body", "must be valid JSON"),
        (b"[" * 100_000, "body", "must be valid JSON"),
        (b'{"metadata": ' + b'{"a":' * 3000 + b"1" + b"}" * 3001, "body", "must be valid JSON"),
        (b'{"prompt": "a", "seed": ' + b"9" * 5000 + b"}", "body", "must be valid JSON"),
        (b'{"prompt": "\\ud800"}', "prompt", "must be valid Unicode text"),
        (b'{"prompt": "a", "\\ud800": 1}', "body", "must be valid Unicode text"),
        (b'{"prompt": "a\\u0000"}', "prompt", "NUL"),
        (b'{"prompt": " \\n\\u2003"}', "prompt", "must not be blank"),
        (b'{"prompt": "a", "guidance_scale": NaN}', "guidance_scale", "must be a finite number"),
        (b'{"prompt": "a", "metadata": {"a": NaN}}', "metadata.a", "must be a finite number"),
        (b'{"prompt": "a", "metadata": {"dict": {"a": [1e400]}}}', "metadata.dict.a[0]", "finite"),
        (b'{"prompt": "a", "guidance_scale": 1e400}', "guidance_scale", "must be a finite number"),
        (b'{"prompt": "a", "seed": 1.0}', "seed", "must be an integer"),
        (b'{"prompt": "a", "seed": true}', "seed", "must be an integer"),
        (b'{"prompt": "a", "seed": "1"}', "seed", "must be an integer"),
        (b'{"prompt": "a", "width": 6.4e1}', "width", "must be an integer"),
        (b'{"prompt": ["a"]}', "prompt", "must be a string"),
        (b'{"prompt": "a", "Seed": 1}', "Seed", "is not a known parameter"),
    ],
    ids=[
        *("empty", "null", "text", "list", "number", "cut", "two", "comment", "quotes", "latin-1"),
        *("deep", "deep-object", "digits", "surrogate", "surrogate-name", "nul", "blank", "nan"),
        *("nan-in-metadata", "overflow-in-metadata"),
        *("overflow", "float", "boolean", "numeral", "exponent", "list-prompt", "upper-case"),
    ],
)
def test_a_body_that_cannot_be_meant_is_refused_by_its_parameter(
    service: TestClient, body: bytes, parameter: str, said: str
) -> None:
    status, named, message = fault(service.post(f"{V1}/generate", content=body, headers=JSON))
    assert (status, named) == (400, parameter)
    assert said in message


@pytest.mark.parametrize(
    "media_type",
    ["application/json; charset=utf-8", "text/plain", "", "application/x-www-form-urlencoded"],
)
def test_json_is_json_whatever_it_is_called(service: TestClient, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    answer = service.post(f"{V1}/generate", content=b'{"prompt": "a"}', headers=headers)
    assert answer.status_code == 200


def test_a_name_of_a_hundred_thousand_characters_is_not_sent_back(service: TestClient) -> None:
    body = {"prompt": "a", "k" * 100_000: 1}
    answer = service.post(f"{V1}/generate", json=body)
    assert answer.status_code == 400
    assert len(answer.content) < 3000


def test_a_thousand_wrong_fields_are_told_up_to_a_bound(service: TestClient) -> None:
    body = {"prompt": "a"} | {f"x{number}": number for number in range(5000)}
    answer = service.post(f"{V1}/generate", json=body)
    assert answer.status_code == 400
    assert len(answer.content) < 60_000


@pytest.mark.parametrize("length", ["9" * 19, "9" * 5000], ids=["19", "5000"])
def test_a_length_beyond_every_number_is_a_body_that_is_too_large(
    service: TestClient, length: str
) -> None:
    headers = {**JSON, "Content-Length": length}
    answer = service.post(f"{V1}/generate", content=b"{}", headers=headers)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "PAYLOAD_TOO_LARGE"


@pytest.mark.parametrize("length", ["-1", "1_0", "0x10", "+1", ""])
def test_a_length_that_is_none_is_counted_by_its_bytes(service: TestClient, length: str) -> None:
    headers = {**JSON, "Content-Length": length}
    answer = service.post(f"{V1}/generate", content=b'{"prompt": "a"}', headers=headers)
    assert answer.status_code == 200


# Paths


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/models", 200),
        ("/models?", 200),
        ("/%6dodels", 200),
        ("/models/", 404),
        ("//models", 404),
        ("/Models", 404),
        ("/models%2F", 404),
        ("/datasets/nature_set", 200),
        ("/datasets/nature%5Fset", 200),
        ("/datasets/nature_set/", 404),
        ("/datasets/a%2Fb", 404),
        ("/datasets/%2e%2e/models", 404),
        ("/datasets/a%20b", 400),
        ("/datasets/%ff", 400),
        ("/datasets/.hidden", 400),
        ("/datasets/" + "a" * 64, 404),
        ("/datasets/" + "a" * 65, 400),
        ("/datasets/%E7%8B%90", 400),
        ("/datasets/%00", 400),
        ("/datasets/nature_set%0a", 400),
        ("/datasets/nature_set%e2%80%a8", 400),
        ("/jobs/%0a", 400),
        ("/profiles/..%2f..", 404),
    ],
)
def test_a_path_means_one_thing_or_nothing(service: TestClient, path: str, status: int) -> None:
    assert service.get(f"{V1}{path}").status_code == status


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=1", 200),
        ("limit=1000", 200),
        ("limit=1001", 400),
        ("limit=0", 400),
        ("limit=-1", 400),
        ("limit=1.5", 400),
        ("limit=", 400),
        ("limit=%F0", 400),
        ("limit=" + "9" * 5000, 400),
        ("limt=1", 400),
        ("LIMIT=1", 400),
        ("cursor=nature_set", 200),
        ("cursor=", 400),
        ("cursor=../x", 400),
    ],
)
def test_a_page_is_asked_for_in_its_bounds(service: TestClient, query: str, status: int) -> None:
    assert service.get(f"{V1}/datasets?{query}").status_code == status


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("2025-05-15T14:30:00Z", 200),
        ("2025-05-15 14:30:00", 200),
        ("2025-05-15T14:30:00%2B02:00", 200),
        ("9999-12-31T23:59:59-23:59", 200),
        ("0001-01-01T00:00:00%2B23:59", 200),
        ("2025-05-15", 400),
        ("2025", 400),
        ("1747319400", 400),
        ("1e400", 400),
        ("yesterday", 400),
        ("2025-13-45T00:00:00Z", 400),
    ],
)
def test_jobs_since_a_time_that_can_be(service: TestClient, since: str, status: int) -> None:
    answer = service.get(f"{V1}/jobs?since={since}")
    assert answer.status_code == status
    if status == 400:
        assert fault(answer)[1] == "since"
        assert "value error" not in answer.text


def test_a_rule_of_our_own_is_told_in_its_own_words(service: TestClient) -> None:
    _, parameter, message = fault(service.get(f"{V1}/jobs?since=2025"))
    assert (parameter, message) == ("since", "since must be a time such as 2025-05-15T14:30:00Z")


# Methods


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize(("path", "allowed"), [("/models", "GET, HEAD"), ("/generate", "POST")])
def test_a_method_that_is_not_there_names_those_that_are(
    service: TestClient, method: str, path: str, allowed: str
) -> None:
    answer = service.request(method, f"{V1}{path}")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == allowed
    assert answer.json()["error"]["details"] == {"method": method, "allowed": allowed}


@pytest.mark.parametrize(
    "path", ["/healthz", "/openapi.json", f"{V1}/models", f"{V1}/datasets", f"{V1}/nowhere"]
)
def test_head_has_the_status_and_headers_of_get_and_no_body(service: TestClient, path: str) -> None:
    got, headed = service.get(path), service.head(path)
    assert headed.status_code == got.status_code
    assert headed.content == b""
    assert headed.headers.get("Content-Type") == got.headers.get("Content-Type")
    assert headed.headers["X-Request-Id"] != got.headers["X-Request-Id"]


# Headers


@pytest.mark.parametrize(
    ("prefer", "status", "priority"),
    [
        ("respond-async", 202, "normal"),
        ("RESPOND-ASYNC", 202, "normal"),
        ("respond-async, wait=10", 202, "normal"),
        ("wait=10, respond-async; x=1", 202, "normal"),
        ("respond-async,priority=low,priority=normal", 202, "low"),
        ("respond-async, priority=urgent", 400, None),
        ("priority=low", 200, None),
        (",,,", 200, None),
        ("", 200, None),
        ("handling=lenient", 200, None),
    ],
)
def test_a_preference_is_read_as_its_standard_says(
    service: TestClient, prefer: str, status: int, priority: str | None
) -> None:
    """RFC 7240: unknown preferences are passed over, and of two the first one counts."""
    headers = {"Prefer": prefer}
    answer = service.post(f"{V1}/generate", json={"prompt": "a"}, headers=headers)
    assert answer.status_code == status
    assert answer.json().get("priority") == priority


@pytest.mark.parametrize(
    ("encoding", "status"), [("identity", 200), ("gzip", 415), ("br", 415), ("gzip, identity", 415)]
)
def test_a_compressed_body_is_refused_before_it_is_read(
    service: TestClient, encoding: str, status: int
) -> None:
    headers = {"Content-Encoding": encoding}
    answer = service.post(f"{V1}/generate", json={"prompt": "a"}, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize("key", ["", " ", "wrong", KEY.upper(), f"{KEY} x"])
def test_a_key_is_the_whole_key(service: TestClient, key: str) -> None:
    answer = service.get(f"{V1}/models", headers={"X-API-Key": key})
    assert answer.status_code in (401, 429)
    assert key.strip() == "" or key not in answer.text
