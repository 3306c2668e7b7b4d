"""The job store that the config names."""

from __future__ import annotations

from engines.jobs.model import JobTerms
from engines.jobs.sqlite.store import SqliteJobStore
from engines.jobs.store import JobStore
from serve_app.config import DurableJobs


def terms_of(config: DurableJobs) -> JobTerms:
    """How long jobs are held and kept, and how many."""
    return JobTerms(config.lease_s, config.keep_s, config.max_unfinished_per_key)


def memory_store(config: DurableJobs) -> JobStore:
    """For one process: nothing outlives it."""
    return SqliteJobStore(None, terms_of(config))
