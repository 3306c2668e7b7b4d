"""Answers about the service itself: its API keys and its deployments."""

from __future__ import annotations

from inferloop_synthdata.answers.answer import Answer


class Budget(Answer):
    """The present state of one budget of a key."""

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
    """Numbers of replicas of one deployment."""

    target: int
    """Replicas that should run now."""
    running: int
    starting: int
    stopping: int


class LoadedModel(Answer):
    """A model in memory."""

    id: str
    replicas: int
    """Number of replicas that have loaded it."""
    memory_bytes: int
    """Size of weights and buffers in one replica."""


class Deployment(Answer):
    """The present state of one deployment."""

    name: str
    status: str
    """Ray Serve's status: "HEALTHY", "UPDATING", "UNHEALTHY", ..."""
    healthy: bool
    message: str
    replicas: ReplicaCounts
    models: list[LoadedModel]


class DeploymentList(Answer):
    """Answer of `list_deployments`: the deployments, ordered by name."""

    deployments: list[Deployment]
