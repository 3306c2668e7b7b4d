"""Which store of jobs a service gets."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from deployments.config_files import app_args, load
from deployments.settings import Settings
from deployments.wiring.jobs import job_store
from engines.errors import InvalidParameters, NotFound, StorageFailed
from engines.jobs.model import Draft, JobRequest, Owner
from engines.jobs.redis.store import RedisJobStore
from serve_app.config import ApiConfig, DurableJobs

REPOSITORY = Path(__file__).resolve().parents[3]
DRAFT = Draft("job_1", Owner("k", "n"), "generate", JobRequest("/p", "{}", "u", 1))


def settings(tmp_path: Path, root: str = "data", **more: str) -> Settings:
    return Settings(state_dir=tmp_path / "state", data_root=str(tmp_path / root), **more)  # type: ignore[arg-type]


def test_jobs_lie_in_the_state_folder_for_their_owner_only(tmp_path: Path) -> None:
    job_store(ApiConfig(), settings(tmp_path)).accept(DRAFT)
    (path,) = (tmp_path / "state" / "jobs").glob("*.sqlite")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_service_finds_its_jobs_again_and_no_others(tmp_path: Path) -> None:
    job_store(ApiConfig(), settings(tmp_path)).accept(DRAFT)
    assert job_store(ApiConfig(), settings(tmp_path)).get("job_1").state == "queued"
    with pytest.raises(NotFound):
        job_store(ApiConfig(), settings(tmp_path, "elsewhere")).get("job_1")


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file", encoding="utf-8")
    with pytest.raises(StorageFailed, match="INFERLOOP_STATE_DIR"):
        job_store(ApiConfig(), settings(tmp_path))


def test_redis_needs_its_url(tmp_path: Path) -> None:
    api = ApiConfig(durable=DurableJobs(store="redis"))
    with pytest.raises(InvalidParameters, match="INFERLOOP_REDIS_URL"):
        job_store(api, settings(tmp_path))
    url = "redis://127.0.0.1:1/0"
    assert isinstance(job_store(api, settings(tmp_path, redis_url=url)), RedisJobStore)


def test_jobs_in_memory_leave_no_file(tmp_path: Path) -> None:
    api = ApiConfig(durable=DurableJobs(store="memory"))
    job_store(api, settings(tmp_path)).accept(DRAFT)
    assert not (tmp_path / "state").exists()


def test_the_terms_are_the_configs(tmp_path: Path) -> None:
    api = ApiConfig(durable=DurableJobs(max_unfinished_per_key=1))
    store = job_store(api, settings(tmp_path))
    store.accept(DRAFT)
    with pytest.raises(Exception, match="More than 1 unfinished"):
        store.accept(Draft("job_2", DRAFT.owner, "generate", DRAFT.request))


@pytest.mark.parametrize("name", ["production", "production-to-zero"])
def test_clusters_keep_their_jobs_in_redis(name: str) -> None:
    args = app_args(load(REPOSITORY / "configs" / f"{name}.yaml"))
    assert args.api.durable.store == "redis"


def test_left_out_the_state_folder_is_xdgs(tmp_path: Path) -> None:
    found = Settings(state_dir=None).state_folder()
    assert found.is_absolute()
    assert found.name == "inferloop" or "INFERLOOP_STATE_DIR" in os.environ


def test_a_file_on_one_of_several_machines_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    many = ApiConfig(ingress_replicas=4, rate_limiter="actor")
    job_store(many, settings(tmp_path), machines=3).close()
    assert "api.durable.store: redis" in caplog.text
    caplog.clear()
    job_store(many, settings(tmp_path), machines=1).close()
    job_store(ApiConfig(), settings(tmp_path), machines=3).close()
    assert caplog.text == ""


def test_jobs_in_memory_are_for_one_replica() -> None:
    with pytest.raises(ValidationError, match="one replica's"):
        ApiConfig(durable=DurableJobs(store="memory"), ingress_replicas=2, rate_limiter="actor")
