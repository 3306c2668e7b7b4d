"""Requests that Schemathesis makes from the OpenAPI document, and the checks of their answers.

This is a separate module because its import takes a second: `test_schemathesis.py` imports it when
a test runs, not when tests are collected.
"""

from __future__ import annotations

from typing import Any

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

from tests.serve_app.api import HEADERS, Api

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


def document_of(api: Api) -> BaseSchema:
    """The OpenAPI document that the application serves."""
    return schemathesis.openapi.from_asgi("/openapi.json", api.app, config=CONFIG)


def request_and_check(document: BaseSchema, path: str, method: str) -> None:
    """Send valid and invalid requests to one operation, and check each answer."""
    config = HypothesisTestConfig(document.config, list(HypothesisTestMode), SETTINGS)
    operation = document[path][method]
    create_test(operation=operation, test_func=_answers_as_documented, config=config)()


def _answers_as_documented(case: schemathesis.Case[Any]) -> None:
    response = case.call(headers=HEADERS)
    case.validate_response(response, checks=CHECKS)
