"""Whose job it is."""

from __future__ import annotations

from engines.errors import NotFound
from engines.jobs.model import Job
from serve_app.context import Context


async def visible_job(context: Context, job_id: str) -> Job:
    """`NotFound` for the job of another space, and for another key's without the scope `read`."""
    job = await context.kept.ask(context.kept.store.get, job_id)
    own = job.owner.key_hash == context.caller.key_hash
    if job.owner.space != context.audit.space or not (own or "read" in context.caller.scopes):
        raise NotFound("job", job_id)
    return job
