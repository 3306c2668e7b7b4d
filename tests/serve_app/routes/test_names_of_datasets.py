"""Names of datasets in requests: new ones must fit every file system, existing ones stay usable."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

V1 = "/api/v1"
PNG = b"no picture: the name is judged first"
UNFIT = {"foxes.": "the last is no dot", "CON": "name of a device", "nul.v2": "name of a device"}


def begun(service: TestClient, name: str) -> dict[str, Any]:
    """The answers of every call that can begin a dataset or a folder."""
    prompts = {"prompts": ["a fox"], "dataset": name}
    return {
        "generate": service.post(f"{V1}/generate", json={"prompt": "a fox", "dataset": name}),
        "batch": service.post(f"{V1}/generate/batch", json=prompts),
        "openai": service.post("/v1/images/generations", json={"prompt": "a", "dataset": name}),
        "upload": service.post(f"{V1}/images", params={"dataset": name}, content=PNG),
        "folder": service.post(f"{V1}/images", params={"folder": name}, content=PNG),
    }


@pytest.mark.parametrize("name", UNFIT)
def test_no_call_begins_what_another_system_cannot_store(service: TestClient, name: str) -> None:
    for call, answer in begun(service, name).items():
        assert answer.status_code == 400, call
        assert UNFIT[name] in answer.json()["error"]["message"], call


@pytest.mark.parametrize("name", UNFIT)
def test_what_exists_under_such_a_name_stays_readable(service: TestClient, name: str) -> None:
    assert service.get(f"{V1}/datasets/{name}").status_code == 404  # looked for, not refused
    assert service.get(f"{V1}/jobs", params={"dataset": name}).status_code == 200
