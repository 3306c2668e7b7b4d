"""`/verify`, the log of marks and signed sheets on the wire."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from engines.errors import JsonValue
from serve_app.config import ApiConfig, BodyLimits
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices

PNG = b"\x89PNG\r\n\x1a\n with something in it"
VERIFY = "/api/v1/verify"


def test_an_uploaded_image_is_verified_and_not_kept(
    client: TestClient, fakes: FakeServices
) -> None:
    plain = client.post(VERIFY, content=PNG, headers={"Content-Type": "image/png"})
    form = client.post(VERIFY, files={"file": ("a.png", PNG, "image/png")})
    assert plain.status_code == form.status_code == 200
    assert plain.json() == form.json()
    assert fakes.provenance.seen == [PNG, PNG]
    assert fakes.files.contents == {}


def test_the_answer_says_it_in_a_sentence_and_by_paths(client: TestClient) -> None:
    answer = client.post(VERIFY, content=PNG).json()
    assert answer["log"]["path"] == "/data/generated/image_1.png"
    assert "key" not in answer["log"]
    assert answer["summary"] == (
        "The file was made by AI and is as it was marked by a development key that nobody "
        "else trusts."
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"mark": "absent", "signature": None, "recipe": None}, "has no mark."),
        ({"mark": "absent", "signature": None}, "lost its mark"),
        ({"mark": "unreadable", "signature": "invalid"}, "damaged or forged"),
        ({"signature": "invalid"}, "damaged or forged"),
        ({"signature": "trusted", "changed": True}, "was changed"),
        ({"signature": "unknown"}, "not known here"),
        ({"signature": "trusted", "made_by_ai": False}, "does not say that AI"),
        ({"signature": "trusted"}, "a certificate that this service trusts"),
    ],
)
def test_every_outcome_has_its_sentence(
    found: dict[str, JsonValue], words: str, client: TestClient, fakes: FakeServices
) -> None:
    fakes.provenance.found = found
    answer = client.post(VERIFY, content=PNG)
    assert answer.status_code == 200
    assert words in answer.json()["summary"]


def test_a_stored_image_is_verified_by_its_path(client: TestClient, fakes: FakeServices) -> None:
    fakes.files.contents["generated/d/a.png"] = PNG
    assert client.post(VERIFY, params={"path": "/data/generated/d/a.png"}).status_code == 200
    gone = client.post(VERIFY, params={"path": "/data/generated/d/b.png"})
    assert gone.status_code == 404
    assert "/data/generated/d/b.png" in gone.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/etc/passwd", "/data/exports/a.png", "/data/generated/../k"])
def test_other_files_of_the_server_are_not_read(path: str, client: TestClient) -> None:
    answer = client.post(VERIFY, params={"path": path})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["parameter"] == "path"


def test_one_image_at_a_time(client: TestClient) -> None:
    neither = client.post(VERIFY)
    both = client.post(VERIFY, params={"path": "/data/generated/a.png"}, content=PNG)
    assert neither.status_code == both.status_code == 400


def test_an_upload_is_bounded_and_what_carries_no_mark_is_refused(fakes: FakeServices) -> None:
    api = build_api(fakes, ApiConfig(bodies=BodyLimits(max_upload_bytes=1024), rates=Api.GENEROUS))
    with TestClient(api.app, headers=HEADERS) as client:
        assert client.post(VERIFY, content=PNG + bytes(2000)).status_code == 413
        assert client.post(VERIFY, content=b"<html>").status_code == 400
    assert fakes.provenance.seen == [b"<html>"]


def test_the_log_of_marks_is_checked(client: TestClient) -> None:
    answer = client.get("/api/v1/marks/log")
    assert answer.json() == {
        "intact": True,
        "chains": 2,
        "segments": 3,
        "entries": 40,
        "torn": 1,
        "problems": [],
    }


def test_a_dataset_is_signed_and_held_against_its_sheet(client: TestClient) -> None:
    signed = client.post("/api/v1/datasets/nature_set/sign").json()
    assert signed["sheet_path"] == "/data/generated/nature_set/inferloop.sheet.jsonl"
    assert (signed["signature"], signed["file_count"]) == ("development", 240)
    report = client.get("/api/v1/datasets/nature_set/sheet").json()
    assert (report["unchanged"], report["added"]) == (False, ["new.png"])


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_a_large_dataset_is_signed_as_a_job(fakes: FakeServices, body: bytes) -> None:
    headers = {"Prefer": "respond-async"}
    with TestClient(build_api(fakes, ApiConfig(rates=Api.GENEROUS)).app, headers=HEADERS) as client:
        answer = client.post("/api/v1/datasets/nature_set/sign", content=body, headers=headers)
        assert answer.status_code == 202, answer.text
        assert answer.json()["kind"] == "dataset.sign"
        job = f"/api/v1/jobs/{answer.json()['id']}"
        with client.stream("GET", f"{job}/events") as events:
            "".join(events.iter_text())  # until it has ended
        ended = client.get(job).json()
    assert ended["state"] == "succeeded"
    assert ended["result"]["sheet_path"] == "/data/generated/nature_set/inferloop.sheet.jsonl"


@pytest.mark.parametrize(("method", "what"), [("POST", "sign"), ("GET", "sheet")])
def test_no_such_dataset(method: str, what: str, client: TestClient) -> None:
    assert client.request(method, f"/api/v1/datasets/none/{what}").status_code == 404
    assert client.request(method, f"/api/v1/datasets/..%2Fx/{what}").status_code in (400, 404)


def test_the_pixels_are_read_for_a_watermark_where_it_is_asked_for(client: TestClient) -> None:
    plain = client.post(VERIFY, content=PNG).json()
    asked = client.post(VERIFY, params={"watermark": "true"}, content=PNG).json()
    assert plain["watermark"] is None
    assert asked["watermark"]["found"] is True
    assert asked["watermark"]["agreeing_bits"] == asked["watermark"]["of_bits"] == 32
    assert asked["summary"].endswith("Its pixels carry the watermark of this service.")


def test_a_stored_image_is_read_for_a_watermark_too(
    client: TestClient, fakes: FakeServices
) -> None:
    fakes.files.contents["generated/d/a.png"] = PNG
    where = {"path": "/data/generated/d/a.png", "watermark": "true"}
    assert client.post(VERIFY, params=where).json()["watermark"]["word"] == "1f3ac9b2"
