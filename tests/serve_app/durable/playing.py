"""Clients of kept jobs: they ask, and wait until a state is there."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from tests.waiting import wait_for

API = "/api/v1"
SMALL = {"prompt": "a fox", "num_inference_steps": 4, "width": 64, "height": 64}
ASYNC = {"Prefer": "respond-async"}
LEASE_S = 600.0
"""No test waits for the end of a lease, and none ends while the machine has other work."""


def submitted(
    client: TestClient, route: str = "/generate", body: object = SMALL, **headers: str
) -> dict[str, Any]:
    """The job of an accepted request."""
    answer = client.post(f"{API}{route}", json=body, headers={**ASYNC, **headers})
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def job_of(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    """The job as it stands."""
    found: dict[str, Any] = client.get(f"{API}/jobs/{job['id']}").json()
    return found


def ended(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    """The job once it has ended."""
    wait_for(lambda: job_of(client, job)["state"] in ("succeeded", "failed", "canceled"))
    return job_of(client, job)
