"""Endpoints about the service itself: API keys, their remaining limits, and deployments."""

from __future__ import annotations

from dataclasses import replace

from inferloop_synthdata import answers
from inferloop_synthdata.operations.operation import Operation
from inferloop_synthdata.operations.parts import get


def whoami() -> Operation[answers.ApiKey]:
    """The API key of this client: its name, scopes, space (its own part of the data root, if it has
    one) and budgets (its limits, with what is left of each) (`GET /whoami`)."""
    return get("/whoami", answers.ApiKey, "name", "scopes", "budgets")


def list_keys(*, limit: int | None = None, cursor: str | None = None) -> Operation[answers.KeyList]:
    """One page of the names of the service's API keys, without the keys themselves (`GET /keys`,
    scope `admin`). `cursor`: `next_cursor` of the previous page."""
    given = {"limit": limit, "cursor": cursor}
    query = {name: str(value) for name, value in given.items() if value is not None}
    return replace(get("/keys", answers.KeyList, "callers"), query=query)


def list_deployments() -> Operation[answers.DeploymentList]:
    """All deployments with their replicas and the models that each has in memory
    (`GET /deployments`, scope `admin`)."""
    return get("/deployments", answers.DeploymentList, "deployments")
