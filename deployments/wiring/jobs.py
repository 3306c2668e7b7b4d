"""The job store that the config and the environment name."""

from __future__ import annotations

import hashlib
import logging

from deployments.settings import Settings
from engines.errors import InvalidParameters, StorageFailed
from engines.jobs.sqlite.store import SqliteJobStore
from engines.jobs.store import JobStore
from local_ray.state import private_folder
from serve_app.config import ApiConfig
from serve_app.durable.keeping import memory_store, terms_of

log = logging.getLogger(__name__)

_NAME_CHARS = 16


def job_store(api: ApiConfig, settings: Settings, machines: int = 1) -> JobStore:
    """The job store. Jobs belong to a data root: services with the same data root share its jobs.

    A store in a file is visible on one machine only. With several `machines` a warning says so.

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
    if machines > 1 and api.ingress_replicas > 1:
        log.warning(
            "Jobs are kept in a file of this machine: ingress replicas on others of the %d "
            "machines do not see them. Set api.durable.store: redis and INFERLOOP_REDIS_URL",
            machines,
        )
    folder = settings.state_folder() / "jobs"
    try:
        private_folder(folder)
        return SqliteJobStore(folder / f"{name}.sqlite", terms)
    except OSError as error:
        reason = f"The jobs cannot be kept in {folder}: {error.strerror}; set INFERLOOP_STATE_DIR"
        raise StorageFailed(reason) from error
