"""Jobs outlive the process that accepted them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from engines.jobs.model import Draft, JobRequest, Owner
from engines.jobs.sqlite.store import SqliteJobStore
from engines.types import Profile
from serve_app.access.api_keys import ApiKeys
from serve_app.access.hashing import key_hash
from serve_app.config import ApiConfig
from serve_app.durable.keeping import terms_of
from tests.serve_app.api import HEADERS, KEY, OTHER_KEY, Api, build_api
from tests.serve_app.durable.playing import API, ended, job_of, submitted
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG
from tests.waiting import wait_for


class Past:
    """A clock that is behind: what it leases has expired by now."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __call__(self) -> float:
        return time.time() - self._seconds


BODY = '{"prompt": "a fox", "num_inference_steps": 4}'


def left_by_a_dead_process(
    path: Path,
    config: ApiConfig,
    tries: int = 1,
    key: str = KEY,
    route: str = "/generate",
    body: str = BODY,
) -> dict[str, Any]:
    """A job that was running when its process was killed."""
    store = SqliteJobStore(path, terms_of(config.durable), Past(3600))
    request = JobRequest(f"{API}{route}", body, "fixedid", 99)
    job_id = store.accept(Draft("job_1", Owner(key_hash(key), "k"), "generate", request)).job.id
    for number in range(tries):
        claimed = store.claim()
        assert claimed is not None
        if number < tries - 1:
            store.release(claimed.lease, "again")
    store.close()
    return {"id": job_id}


def test_a_job_of_a_killed_process_goes_on_with_its_ids_and_seeds(
    api: Api, config: ApiConfig, store_path: Path, fakes: FakeServices
) -> None:
    job = left_by_a_dead_process(store_path, config)
    with TestClient(api.app, headers=HEADERS) as client:
        done = ended(client, job)
    assert (done["state"], done["tries"]) == ("succeeded", 2)
    assert fakes.generation.started[0].image_id == "image_fixedid"
    assert done["result"]["image_path"] == "/data/generated/image_fixedid.png"
    assert done["result"]["parameters"]["seed"] == fakes.generation.started[0].seed


def test_a_job_of_a_killed_process_looks_for_its_images(
    api: Api, config: ApiConfig, store_path: Path, fakes: FakeServices
) -> None:
    body = '{"prompts": ["a", "b"], "num_inference_steps": 1}'
    job = left_by_a_dead_process(store_path, config, route="/generate/batch", body=body)
    with TestClient(api.app, headers=HEADERS) as client:
        ended(client, job)
        ended(client, submitted(client))
    assert [each.repeated for each in fakes.generation.started] == [True, True, False]


@pytest.mark.parametrize(("age_s", "state"), [(1800, "succeeded"), (7200, "failed")])
@pytest.mark.parametrize("update", [False, True])
def test_a_profile_that_the_killed_process_made_is_the_answer(
    api: Api,
    config: ApiConfig,
    store_path: Path,
    fakes: FakeServices,
    age_s: float,
    state: str,
    update: bool,
) -> None:
    """One that is older than the request is another's: made again it is a conflict, or extended."""
    changed_at = datetime.fromtimestamp(time.time() - age_s, UTC)
    fakes.profiles.profiles["new"] = Profile("new", changed_at, changed_at, 3, "profiles/x", {})
    fakes.files.contents["generated/n/a.png"] = PNG
    body = {"name": "new", "source_dir": "/data/generated/n", "update": update}
    text = json.dumps(body)
    job = left_by_a_dead_process(store_path, config, route="/profiles", body=text)
    with TestClient(api.app, headers=HEADERS) as client:
        done = ended(client, job)
    mine = age_s < 3600
    assert done["state"] == ("succeeded" if update else state)
    assert len(fakes.profiles.requests) == (0 if mine else 1)


def test_a_job_that_kills_its_process_each_time_is_given_up(
    api: Api, config: ApiConfig, store_path: Path, fakes: FakeServices
) -> None:
    job = left_by_a_dead_process(store_path, config, tries=config.durable.max_tries)
    with TestClient(api.app, headers=HEADERS) as client:
        done = ended(client, job)
    assert (done["state"], done["error"]["code"]) == ("failed", "REPLICA_LOST")
    assert fakes.generation.started == []


def test_a_job_of_a_key_that_was_revoked_is_not_run(
    fakes: FakeServices, config: ApiConfig, store_path: Path
) -> None:
    job = left_by_a_dead_process(store_path, config, key=OTHER_KEY)
    store = SqliteJobStore(store_path, terms_of(config.durable))
    api = build_api(fakes, config, store, ApiKeys([KEY]))
    with TestClient(api.app, headers=HEADERS) as client:
        done = ended(client, job)
    assert (done["state"], done["error"]["code"]) == ("failed", "UNAUTHORIZED")
    assert fakes.generation.started == []


def test_a_job_is_run_with_what_its_key_may_do_then(
    fakes: FakeServices, config: ApiConfig, store_path: Path, tmp_path: Path
) -> None:
    key = "key-that-lost-a-scope-0123"
    job = left_by_a_dead_process(store_path, config, key=key)
    keys = tmp_path / "keys.yaml"
    keys.write_text(f"keys: [{{name: k, key: {key}, scopes: [read]}}]", encoding="utf-8")
    store = SqliteJobStore(store_path, terms_of(config.durable))
    api = build_api(fakes, config, store, ApiKeys((), keys))
    with TestClient(api.app, headers={"X-API-Key": key}) as client:
        done = ended(client, job)
    assert (done["state"], done["error"]["code"]) == ("failed", "FORBIDDEN")
    assert fakes.generation.started == []


def test_what_runs_when_a_replica_stops_goes_on_elsewhere_at_once(
    api: Api, config: ApiConfig, store_path: Path, fakes: FakeServices
) -> None:
    fakes.generation.held = True
    with TestClient(api.app, headers=HEADERS) as client:
        jobs = [submitted(client) for _ in range(3)]
        wait_for(lambda: fakes.generation.running == 3)
    elsewhere = FakeServices()
    store = SqliteJobStore(store_path, terms_of(config.durable))
    with TestClient(build_api(elsewhere, config, store).app, headers=HEADERS) as client:
        done = [ended(client, job) for job in jobs]
    assert {job["state"] for job in done} == {"succeeded"}
    ids = {request.image_id for request in fakes.generation.started}
    assert ids == {request.image_id for request in elsewhere.generation.started}


def test_jobs_that_nobody_runs_are_still_listed_after_a_restart(
    api: Api, config: ApiConfig, store_path: Path, fakes: FakeServices
) -> None:
    fakes.generation.held = True
    with TestClient(api.app, headers=HEADERS) as client:
        jobs = [submitted(client) for _ in range(6)]
    later = FakeServices()
    later.generation.held = True
    store = SqliteJobStore(store_path, terms_of(config.durable))
    with TestClient(build_api(later, config, store).app, headers=HEADERS) as client:
        listed = client.get(f"{API}/jobs").json()["jobs"]
        assert [job["id"] for job in listed] == [job["id"] for job in reversed(jobs)]
        assert job_of(client, jobs[0])["state"] in ("queued", "running")
