"""Generated requests, valid and not: no 500, and every answer as the document says."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from serve_app.config import ApiConfig
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG, FakeFiles

load_all_checks()
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
FAKES = FakeServices(files=FakeFiles({"generated/nature_set/image_1.png": PNG}))
API = build_api(FAKES, ApiConfig(rates=Api.GENEROUS))
CONFIG = SchemathesisConfig.from_dict({"generation": {"max-examples": 12, "deterministic": True}})
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", API.app, config=CONFIG)


@SCHEMA.parametrize()
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_documented(case: schemathesis.Case[Any]) -> None:
    response = case.call(headers=HEADERS)
    case.validate_response(response, checks=CHECKS)
