"""Generated requests, valid and not: no 500, and every answer as the document says."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.hypothesis.builder import (
    HypothesisTestConfig,
    HypothesisTestMode,
    create_test,
)
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from serve_app.config import ApiConfig
from tests.contract.write_openapi import SNAPSHOT
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG, FakeFiles

pytestmark = pytest.mark.slow

load_all_checks()
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
CONFIG = SchemathesisConfig.from_dict({"generation": {"max-examples": 12, "deterministic": True}})
SETTINGS = settings(max_examples=12, suppress_health_check=list(HealthCheck))
OPERATIONS = [
    (path, method)
    for path, item in json.loads(SNAPSHOT.read_text(encoding="utf-8"))["paths"].items()
    for method in item
]
"""From the snapshot, so that requests are made up in a test and not while tests are collected. Each
is a test with a name of its own: pytest-xdist runs one of several that have the same."""


@pytest.fixture(scope="module")
def documented() -> BaseSchema:
    """The document of an application with an image in it."""
    fakes = FakeServices(files=FakeFiles({"generated/nature_set/image_1.png": PNG}))
    api = build_api(fakes, ApiConfig(rates=Api.GENEROUS))
    return schemathesis.openapi.from_asgi("/openapi.json", api.app, config=CONFIG)


def answers_as_documented(case: schemathesis.Case[Any]) -> None:
    response = case.call(headers=HEADERS)
    case.validate_response(response, checks=CHECKS)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_as_documented(documented: BaseSchema, path: str, method: str) -> None:
    operation = documented[path][method]
    config = HypothesisTestConfig(documented.config, list(HypothesisTestMode), SETTINGS)
    create_test(operation=operation, test_func=answers_as_documented, config=config)()


def test_every_operation_is_asked(documented: BaseSchema) -> None:
    paths = documented.raw_schema["paths"]
    assert {(path, method) for path, item in paths.items() for method in item} == set(OPERATIONS)
