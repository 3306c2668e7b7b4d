"""Answers about the service itself: its API keys and its deployments."""

from __future__ import annotations

from inferloop_synthdata.answers.answer import Answer


class Budget(Answer):
    """One budget of a key in its present state."""

    name: str
    """generate, validate, export, upload or read."""
    rate: str
    """Requests in a moving window, such as "10/minute"."""
    limit: int
    remaining: int
    resets_at: str


class ApiKey(Answer):
    """One API key. No answer contains the key itself."""

    name: str
    scopes: list[str]
    space: str | None
    max_stored_bytes: int | None
    expires_at: str | None
    budgets: list[Budget]


class KeyList(Answer):
    """Answer of `list_keys`."""

    callers: list[ApiKey]
    next_cursor: str | None


class ReplicaCounts(Answer):
    """Replicas of one deployment."""

    target: int
    """Replicas that there should be now."""
    running: int
    starting: int
    stopping: int


class LoadedModel(Answer):
    """A model in memory."""

    id: str
    replicas: int
    """Replicas that have it loaded."""
    memory_bytes: int
    """Weights and buffers in one replica."""


class Deployment(Answer):
    """One deployment in its present state."""

    name: str
    status: str
    """Ray Serve's word: "HEALTHY", "UPDATING", "UNHEALTHY", ..."""
    healthy: bool
    message: str
    replicas: ReplicaCounts
    models: list[LoadedModel]


class DeploymentList(Answer):
    """Answer of `list_deployments`, by name."""

    deployments: list[Deployment]
