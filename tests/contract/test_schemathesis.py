"""Generated requests, valid and not: no 500, and every answer as the document says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from serve_app.config import ApiConfig
from tests.contract.write_openapi import SNAPSHOT
from tests.serve_app.api import Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG, FakeFiles

if TYPE_CHECKING:
    from schemathesis.schemas import BaseSchema

pytestmark = pytest.mark.slow

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
    from tests.contract.generated_requests import document_of

    fakes = FakeServices(files=FakeFiles({"generated/nature_set/image_1.png": PNG}))
    return document_of(build_api(fakes, ApiConfig(rates=Api.GENEROUS)))


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_as_documented(documented: BaseSchema, path: str, method: str) -> None:
    from tests.contract.generated_requests import request_and_check

    request_and_check(documented, path, method)


def test_every_operation_is_asked(documented: BaseSchema) -> None:
    paths = documented.raw_schema["paths"]
    assert {(path, method) for path, item in paths.items() for method in item} == set(OPERATIONS)
