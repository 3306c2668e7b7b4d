"""The production application over the in-memory house."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from serve_app.config import ApiConfig
from tests.serve_app.face import HEADERS, Face, build_face
from tests.serve_app.house import House


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def face(house: House) -> Face:
    return build_face(house, ApiConfig(rates=Face.GENEROUS))


@pytest.fixture
def client(face: Face) -> Iterator[TestClient]:
    """A client with a key."""
    with TestClient(face.app, headers=HEADERS) as client:
        yield client
