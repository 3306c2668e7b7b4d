"""Endpoints that tell of the service itself: its API keys and what is left to them, and its
deployments."""

from __future__ import annotations

from dataclasses import replace

from inferloop_synthdata import answers
from inferloop_synthdata.operations.operation import Operation
from inferloop_synthdata.operations.parts import get


def whoami() -> Operation[answers.ApiKey]:
    """The key of this client: its name, scopes, space and budgets (`GET /whoami`)."""
    return get("/whoami", answers.ApiKey, "name", "scopes", "budgets")


def list_keys(*, limit: int | None = None, cursor: str | None = None) -> Operation[answers.KeyList]:
    """A page of the service's keys by name, never the keys themselves (`GET /keys`, scope
    `admin`). `cursor` is `next_cursor` of the page before."""
    given = {"limit": limit, "cursor": cursor}
    query = {name: str(value) for name, value in given.items() if value is not None}
    return replace(get("/keys", answers.KeyList, "callers"), query=query)


def list_deployments() -> Operation[answers.DeploymentList]:
    """Every deployment with its replicas and the models in their memory (`GET /deployments`, scope
    `admin`)."""
    return get("/deployments", answers.DeploymentList, "deployments")
