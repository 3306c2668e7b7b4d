"""Functions for clients of stored jobs, which send requests and wait for a state."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from tests.waiting import wait_for

API = "/api/v1"
SMALL = {"prompt": "a fox", "num_inference_steps": 4, "width": 64, "height": 64}
ASYNC = {"Prefer": "respond-async"}
LEASE_S = 600.0
"""So long that no lease ends during a test, even on a busy machine."""


def submitted(
    client: TestClient, route: str = "/generate", body: object = SMALL, **headers: str
) -> dict[str, Any]:
    """Send a request as a job. Returns the accepted job."""
    answer = client.post(f"{API}{route}", json=body, headers={**ASYNC, **headers})
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def job_of(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    """The current state of the job."""
    found: dict[str, Any] = client.get(f"{API}/jobs/{job['id']}").json()
    return found


def ended(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    """Wait until the job has ended, and return it."""
    wait_for(lambda: job_of(client, job)["state"] in ("succeeded", "failed", "canceled"))
    return job_of(client, job)
