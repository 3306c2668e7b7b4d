"""Refuse to make a dataset that is being made already."""

from __future__ import annotations

from engines.errors import Conflict
from engines.jobs.model import Draft, Selection, State
from serve_app.context import Context

CREATES = "dataset.create"
"""Kind of the jobs that make a declared dataset."""
_UNFINISHED: tuple[State, ...] = ("running", "queued")


async def check_draft(context: Context, draft: Draft) -> None:
    """Check that nobody makes the dataset of this draft, before the draft is accepted as a job. A
    request that was accepted before under its idempotency key is not checked.

    Raises:
        Conflict: the dataset is being made, or a job waits to make it.
    """
    if draft.kind != CREATES or draft.dataset is None:
        return
    if await context.kept.ask(context.kept.store.known, draft) is None:
        await check_free(context, draft.dataset)


async def check_free(context: Context, name: str) -> None:
    """Check that no request of this ingress replica makes the dataset, and that no job of any
    replica makes it or waits to. Two requests that are sent in the same moment may both pass.

    Raises:
        Conflict: there is such a request or job.
    """
    context.running_datasets.check(context.jobs.space, name)
    kept = context.kept
    for state in _UNFINISHED:
        wanted = Selection(context.jobs.space, state=state, kind=CREATES, dataset=name)
        if found := await kept.ask(kept.store.list, wanted, 1, None):
            raise Conflict(f"The dataset {name} is being made already, by the job {found[0].id}")
