"""What the routes share.

It is built once per application and found through the application's state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from serve_app.access.api_keys import ApiKeys
from serve_app.access.audit import AuditLog, AuditNote
from serve_app.access.caller import Caller
from serve_app.access.tickets import Tickets
from serve_app.budgets.quota import Quota
from serve_app.budgets.rate_limits import RateLimiter
from serve_app.budgets.storage import StorageQuota
from serve_app.config import ApiConfig
from serve_app.datasets.running import RunningDatasets
from serve_app.durable.keeping import KeptJobs
from serve_app.durable.run import JobRun
from serve_app.generation.jobs import SpaceJobs
from serve_app.generation.requests import DrawSeed
from serve_app.ids import IdSource
from serve_app.paths import PathCodec
from serve_app.schemas.generation import GenerateMessageBody
from serve_app.services import Services
from serve_app.webhooks.signing import WebhookSecrets


@dataclass(frozen=True, slots=True)
class Context:
    """The objects that routes use."""

    services: Services
    config: ApiConfig
    limiter: RateLimiter
    tickets: Tickets
    paths: PathCodec
    message_model: type[GenerateMessageBody]
    """Fields of a `generate` message, with the config's bounds."""
    jobs: SpaceJobs
    job_quota: Quota
    socket_quota: Quota
    download_quota: Quota
    stream_quota: Quota
    running_datasets: RunningDatasets
    kept: KeptJobs
    """Jobs that outlive their connection, of every space."""
    webhook_secrets: WebhookSecrets
    ids: IdSource
    draw_seed: DrawSeed
    keys: ApiKeys
    caller: Caller
    """The caller of this request; `NOBODY` in the application's own context."""
    audit: AuditNote
    """What this request does, for the audit log."""
    audit_log: AuditLog
    run: JobRun | None = None
    """The run of a durable job; None for an ordinary request."""

    def note_prompts(self, *prompts: str) -> None:
        """Add prompts to the audit log, if the config allows it."""
        if self.config.log_prompts:
            self.audit.details["prompts"] = [*prompts]

    @property
    def watched(self) -> bool:
        """Whether the progress of this run can be read."""
        return self.run is not None and self.run.watched

    @property
    def repeated(self) -> bool:
        """Whether an earlier run may already have made something."""
        return self.run is not None and self.run.repeated

    @property
    def previews(self) -> bool:
        """Whether progress includes previews."""
        return self.run is not None and self.run.previews

    @property
    def storage_quota(self) -> StorageQuota:
        """The storage quota of the services' space, or of the service if they have no space."""
        default_bytes = self.config.storage_quotas.max_bytes_per_key
        return StorageQuota(self.services.usage, default_bytes)


# All of these are async, because FastAPI runs plain functions in a thread pool.
async def application_of(connection: HTTPConnection) -> Context:
    """The application's own context, without a space: for routes without a key, and as the base
    of others."""
    context: Context = connection.app.state.context
    return context


async def context_of(connection: HTTPConnection) -> Context:
    """The context of the caller's space, which `Access.grant` created.

    Raises `AttributeError` for a route that declares no `Access`.
    """
    context: Context = connection.state.context
    return context


InApplication = Annotated[Context, Depends(application_of)]
InContext = Annotated[Context, Depends(context_of)]
