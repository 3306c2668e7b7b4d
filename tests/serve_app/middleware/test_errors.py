"""Every error of the whole application comes out in the envelope, and says nothing it must not."""

from __future__ import annotations

import gzip
import inspect
import json
import logging

import pytest
from starlette.testclient import TestClient

import engines.errors
from engines.errors import (
    Canceled,
    Conflict,
    DeadlineExceeded,
    Forbidden,
    GenerationFailed,
    InferloopError,
    InsufficientStorage,
    InvalidImage,
    InvalidParameters,
    InvalidPath,
    MarkingFailed,
    NotFound,
    OutOfMemory,
    Overloaded,
    PayloadTooLarge,
    RateLimited,
    ReplicaLost,
    RequestTimeout,
    RequirementsNotMet,
    StorageAway,
    StorageFailed,
    Unauthorized,
    UnsupportedMediaType,
)
from serve_app.errors import WIRE, BatchFailed, to_wire
from tests.serve_app.api import HEADERS, Api
from tests.serve_app.fake_services import FakeServices

GENERATE = {"prompt": "x", "num_inference_steps": 3}

TABLE: list[tuple[InferloopError, int, int, str | None]] = [
    (InvalidParameters.of("a", 1, "c", "r"), 400, 1007, None),
    (InvalidPath.of("a", 1, "c", "r"), 400, 1007, None),
    (InvalidImage.of("a", 1, "c", "r"), 400, 1007, None),
    (Unauthorized("no"), 401, 1008, None),
    (Forbidden("no"), 403, 1008, None),
    (NotFound("image", "x"), 404, 1008, None),
    (Conflict("busy"), 409, 1008, None),
    (PayloadTooLarge(10), 413, 1009, None),
    (UnsupportedMediaType.of("a", 1, "c", "r"), 415, 1003, None),
    (RateLimited("slow", 2.1), 429, 1013, "3"),
    (RequirementsNotMet(3, {"quality": 3}), 422, 1008, None),
    (Canceled("gone"), 499, 1000, None),
    (GenerationFailed("nan"), 500, 1011, None),
    (OutOfMemory("full"), 500, 1011, None),
    (StorageFailed("disk"), 500, 1011, None),
    (MarkingFailed("the key service is away"), 500, 1011, None),
    (InferloopError("odd"), 500, 1011, None),
    (Overloaded("full", 0.2), 503, 1013, "1"),
    (ReplicaLost("gone"), 503, 1013, "1"),
    (DeadlineExceeded(3), 504, 1013, None),
    (RequestTimeout(20), 408, 1013, None),
    (InsufficientStorage("full", "quota", 10, 11), 507, 1011, None),
    (StorageAway("the data root is not there"), 503, 1013, "5"),
]


@pytest.mark.parametrize(("error", "status", "close_code", "retry_after"), TABLE)
def test_the_table(
    error: InferloopError, status: int, close_code: int, retry_after: str | None
) -> None:
    wire = to_wire(error)
    assert (wire.code, wire.message, wire.details) == (error.code, error.message, error.details)
    assert (wire.status, wire.close_code) == (status, close_code)
    response = wire.response()
    assert response.status_code == status
    assert response.headers.get("Retry-After") == retry_after
    assert json.loads(bytes(response.body)) == {"error": wire.as_object()}


def test_every_domain_error_has_a_row() -> None:
    classes = [
        found
        for _, found in inspect.getmembers(engines.errors, inspect.isclass)
        if issubclass(found, InferloopError) and not found.__name__.startswith("_")
    ]
    assert {found.code for found in classes} | {"METHOD_NOT_ALLOWED"} == set(WIRE)
    assert {type(error) for error, *_ in TABLE} == set(classes)


def test_foreign_errors_say_nothing_of_themselves() -> None:
    wire = to_wire(ZeroDivisionError("/home/jane/secret.py"))
    assert wire.as_object() == {
        "code": "INTERNAL_ERROR",
        "message": "Internal server error",
        "details": {},
    }


def test_a_failed_batch_is_its_images_error_with_what_was_made() -> None:
    wire = to_wire(BatchFailed(DeadlineExceeded(3), ("/data/generated/a.png",)))
    assert wire.status == 504
    assert wire.details == {"deadline_s": 3, "completed": ["/data/generated/a.png"]}


@pytest.mark.parametrize("error", [error for error, *_ in TABLE])
def test_what_the_house_raises_reaches_the_client_in_the_envelope(
    client: TestClient, fakes: FakeServices, error: InferloopError
) -> None:
    fakes.generation.fail_prompts["x"] = error
    fakes.generation.failures = [error, error] if isinstance(error, ReplicaLost) else []
    answer = client.post("/api/v1/generate", json=GENERATE)
    assert answer.status_code == WIRE[error.code].status
    assert answer.json() == {"error": to_wire(error).as_object()}
    assert "X-Request-Id" in answer.headers
    assert "X-RateLimit-Limit" in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "NOT_FOUND"),
        ("GET", "/favicon.ico", 404, "NOT_FOUND"),
        ("POST", "/api/v1/generate/", 404, "NOT_FOUND"),
        ("GET", "/api/v1/ws/generation", 404, "NOT_FOUND"),
        ("GET", "/api/v1/generate", 405, "METHOD_NOT_ALLOWED"),
        ("PUT", "/api/v1/profiles/x", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/healthz", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/api/v1/profiles/no..%2Fx", 404, "NOT_FOUND"),
        ("GET", "/api/v1/profiles/.x", 400, "INVALID_PARAMETERS"),
        ("GET", "/api/v1/images", 400, "INVALID_PARAMETERS"),
        ("GET", "/api/v1/images?path=/data/uploads/x&also=1", 400, "INVALID_PARAMETERS"),
        ("DELETE", "/api/v1/datasets/none", 404, "NOT_FOUND"),
    ],
)
def test_what_the_framework_refuses_is_in_the_envelope_too(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "details"}
    assert error["code"] == code


def test_a_wrong_method_names_the_right_ones(client: TestClient) -> None:
    answer = client.get("/api/v1/generate")
    assert answer.headers["Allow"] == "POST"
    assert answer.json()["error"]["details"] == {"method": "GET", "allowed": "POST"}


@pytest.mark.parametrize(
    ("content", "status", "parameter"),
    [
        (b"", 400, "body"),
        (b"nonsense", 400, "body"),
        (b'{"prompt": "x", "guidance_scale": NaN}', 400, "guidance_scale"),
        (b'{"prompt": "x", "guidance_scale": 1e999}', 400, "guidance_scale"),
        (b'{"prompt": "\\ud800"}', 400, "prompt"),
        (b'{"prompt": "' + b"x" * 1_000_000 + b'"}', 400, "prompt"),
        (b'{"prompt": "x", "seed": ' + b"9" * 4000 + b"}", 400, "seed"),
        (b"[" * 500_000, 400, "body"),
        (b'{"prompt": "x", "\\u0000": 1}', 400, "\x00"),
    ],
)
def test_hostile_bodies_are_400(
    client: TestClient, content: bytes, status: int, parameter: str
) -> None:
    answer = client.post("/api/v1/generate", content=content)
    assert answer.status_code == status
    assert answer.json()["error"]["details"]["parameter"] == parameter
    assert len(answer.content) < 2000


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "text/plain", "", "application/x-www-form-urlencoded", "nonsense"],
)
def test_json_is_json_whatever_the_header_says(client: TestClient, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    answer = client.post("/api/v1/generate", content=json.dumps(GENERATE), headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP", "deflate, gzip", "zstd", "x"])
@pytest.mark.parametrize("path", ["/api/v1/generate", "/api/v1/images"])
def test_a_compressed_body_is_refused_by_its_name(
    client: TestClient, path: str, encoding: str
) -> None:
    content = gzip.compress(json.dumps(GENERATE).encode())
    answer = client.post(path, content=content, headers={"Content-Encoding": encoding})
    assert answer.status_code == 415
    assert answer.json()["error"] == {
        "code": "UNSUPPORTED_MEDIA_TYPE",
        "message": "Invalid parameter: Content-Encoding must be identity: send it uncompressed",
        "details": {
            "parameter": "Content-Encoding",
            "value": encoding,
            "constraint": "identity",
        },
    }
    assert "X-RateLimit-Limit" in answer.headers


def test_a_body_that_says_it_is_not_compressed_is_read(client: TestClient) -> None:
    headers = {"Content-Encoding": "identity"}
    answer = client.post("/api/v1/generate", json=GENERATE, headers=headers)
    assert answer.status_code == 200


def test_bodies_past_the_limit_are_413_declared_or_not(client: TestClient) -> None:
    large = b'{"prompt": "' + b"x" * 1_100_000 + b'"}'
    declared = client.post("/api/v1/generate", content=large)
    chunked = client.post("/api/v1/generate", content=iter([large]))
    for answer in (declared, chunked):
        assert answer.status_code == 413
        assert answer.json()["error"] == {
            "code": "PAYLOAD_TOO_LARGE",
            "message": "Request body is larger than 1048576 bytes",
            "details": {"limit_bytes": 1_048_576},
        }


def test_a_bug_is_a_clean_500_with_all_headers(
    api: Api, fakes: FakeServices, caplog: pytest.LogCaptureFixture
) -> None:
    fakes.quality.failures["generated/x.png"] = [
        ZeroDivisionError("/srv/secret.py")  # type: ignore[list-item]
    ]
    client = TestClient(api.app, headers=HEADERS)
    answer = client.post("/api/v1/validate/quality", json={"image_path": "/data/generated/x.png"})
    assert answer.status_code == 500
    assert answer.json()["error"] == {
        "code": "INTERNAL_ERROR",
        "message": "Internal server error",
        "details": {},
    }
    assert "X-RateLimit-Limit" in answer.headers
    request_id = answer.headers["X-Request-Id"]
    assert request_id in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert any(record.levelno == logging.ERROR for record in caplog.records)
