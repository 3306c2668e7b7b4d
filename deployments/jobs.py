"""The job store that the config and the environment name."""

from __future__ import annotations

import hashlib

from deployments.settings import Settings
from engines.errors import InvalidParameters, StorageFailed
from engines.jobs.sqlite.store import SqliteJobStore
from engines.jobs.store import JobStore
from local_ray.state import private_folder
from serve_app.config import ApiConfig
from serve_app.durable.stores import memory_store, terms_of

_NAME_CHARS = 16


def job_store(api: ApiConfig, settings: Settings) -> JobStore:
    """Jobs belong to a data root: services that share one share its jobs, others do not see them.

    Raises:
        InvalidParameters: Redis is named and no URL is given, or a wrong one.
        StorageFailed: the state folder cannot be written.
    """
    root = settings.absolute_data_root()
    name = hashlib.sha256(root.encode()).hexdigest()[:_NAME_CHARS]
    terms = terms_of(api.durable)
    if api.durable.store == "memory":
        return memory_store(api.durable)
    if api.durable.store == "redis":
        if settings.redis_url is None:
            raise InvalidParameters.of("INFERLOOP_REDIS_URL", None, "a Redis URL", "must be set")
        from engines.jobs.redis.store import RedisJobStore

        return RedisJobStore(settings.redis_url, name, terms)
    folder = settings.state_folder() / "jobs"
    try:
        private_folder(folder)
        return SqliteJobStore(folder / f"{name}.sqlite", terms)
    except OSError as error:
        reason = f"The jobs cannot be kept in {folder}: {error.strerror}; set INFERLOOP_STATE_DIR"
        raise StorageFailed(reason) from error
