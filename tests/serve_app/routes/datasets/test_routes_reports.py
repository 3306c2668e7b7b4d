"""The report on a dataset over HTTP: as data, as a page, as a job."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from engines.evidence.encoders.encoder import EncoderUnavailable
from engines.types.datasets.reports import ReportRequest
from tests.serve_app.fake_services import FakeServices

PATH = "/api/v1/datasets/nature_set/report"


def test_a_report_is_data_by_default(client: TestClient, fakes: FakeServices) -> None:
    answer = client.get(PATH)
    assert answer.status_code == 200
    assert answer.json()["format"] == "inferloop.report/1"
    assert answer.json()["images"] == 120
    assert fakes.datasets.reports == [ReportRequest("nature_set")]


@pytest.mark.parametrize(
    ("accept", "query"),
    [
        ("text/html,application/xhtml+xml;q=0.9", ""),
        ("application/json", "?format=html"),
        ("*/*", "?format=html"),
    ],
)
def test_a_browser_gets_a_page_that_can_load_and_run_nothing(
    client: TestClient, accept: str, query: str
) -> None:
    answer = client.get(PATH + query, headers={"Accept": accept})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_data_can_be_asked_for_in_a_browser(client: TestClient) -> None:
    answer = client.get(f"{PATH}?format=json", headers={"Accept": "text/html"})
    assert answer.json()["name"] == "nature_set"


def test_reference_and_profile_are_handed_on_and_the_path_comes_back(
    client: TestClient, fakes: FakeServices
) -> None:
    body = {"reference_dir": "/data/uploads/real/", "profile": "photos"}
    answer = client.post(PATH, json=body)
    assert answer.json()["reference"]["reference"] == "/data/uploads/real"
    assert fakes.datasets.reports == [ReportRequest("nature_set", "uploads/real", "photos")]
    again = client.get(PATH, params=body)
    assert again.json() == answer.json()


@pytest.mark.parametrize(
    ("method", "query", "body", "parameter"),
    [
        ("POST", "", {"reference_dir": "/etc"}, "reference_dir"),
        ("POST", "", {"reference_dir": "/data/exports/x"}, "reference_dir"),
        ("POST", "", {"profile": "../x"}, "profile"),
        ("POST", "", {"extra": 1}, "extra"),
        ("GET", "?reference_dir=/etc", None, "reference_dir"),
        ("GET", "?format=pdf", None, "format"),
    ],
)
def test_what_is_wrong_is_said(
    client: TestClient, method: str, query: str, body: object, parameter: str
) -> None:
    answer = client.request(method, PATH + query, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["parameter"] == parameter


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_dataset_no_report(client: TestClient, method: str) -> None:
    answer = client.request(method, "/api/v1/datasets/absent/report", json={})
    assert answer.status_code == 404


def test_progress_comes_before_the_report(client: TestClient) -> None:
    answer = client.post(PATH, json={}, headers={"Accept": "application/x-ndjson"})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[0] == {"type": "progress", "done": 60, "total": 120}
    assert lines[-1]["type"] == "result"
    assert lines[-1]["images"] == 120


def test_a_report_can_be_a_job(client: TestClient) -> None:
    answer = client.post(PATH, json={}, headers={"Prefer": "respond-async"})
    assert answer.status_code == 202
    assert answer.json()["kind"] == "dataset.report"


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
def test_an_encoder_that_fails_in_the_middle_of_a_report_is_told_in_words(
    client: TestClient, fakes: FakeServices, accept: str
) -> None:
    fakes.datasets.report_failure = EncoderUnavailable("mine.onnx@0123 fails on pictures")
    answer = client.post(PATH, json={}, headers={"Accept": accept})
    error = json.loads(answer.text.splitlines()[-1])["error"]
    assert error["code"] == "INTERNAL_ERROR"
    assert error["message"] == "mine.onnx@0123 fails on pictures"
    assert client.get(f"{PATH}?format=html").status_code == 500
