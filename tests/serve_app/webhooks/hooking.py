"""The application with webhooks, jobs with a webhook, and their deliveries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from engines.jobs.sqlite.store import SqliteJobStore
from serve_app.access.api_keys import ApiKeys
from serve_app.config import ApiConfig, DurableJobs
from serve_app.durable.keeping import terms_of
from serve_app.webhooks.config import Webhooks
from serve_app.webhooks.signing import WebhookSecrets
from serve_app.webhooks.wiring import WebhookWiring
from tests.serve_app.api import KEY, OTHER_KEY, Api, build_api
from tests.serve_app.durable.playing import LEASE_S, SMALL, job_of
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.webhooks.receiver import Receiver
from tests.waiting import wait_for

SECRETS = WebhookSecrets.of("a secret of the service's own")


def config_for(receiver: Receiver, **webhooks: Any) -> ApiConfig:
    durable = DurableJobs(poll_s=0.02, report_every_s=0.01, max_running=4, lease_s=LEASE_S)
    given = {"allowed_hosts": (receiver.allowed,), "retry_after_s": (0.01,) * 3, "poll_s": 0.02}
    return ApiConfig(
        rates=Api.GENEROUS, durable=durable, webhooks=Webhooks(**{**given, **webhooks})
    )


def api_over(
    fakes: FakeServices, config: ApiConfig, receiver: Receiver, store: Path, *keys: str
) -> Api:
    return build_api(
        fakes,
        config,
        SqliteJobStore(store, terms_of(config.durable)),
        ApiKeys(keys or [KEY, OTHER_KEY]),
        hooks=WebhookWiring(SECRETS, receiver.sender()),
    )


def hooked(receiver: Receiver, *events: str, **fields: Any) -> dict[str, Any]:
    """A request body with a webhook for these events, or, if there are none, for the default
    ones."""
    webhook: dict[str, Any] = {"url": receiver.url()}
    return {**SMALL, **fields, "webhook": {**webhook, **({"events": [*events]} if events else {})}}


def delivered(client: TestClient, job: dict[str, Any], count: int = 1) -> list[dict[str, Any]]:
    """Wait until `count` deliveries of the job have ended, and return them."""

    def over() -> list[dict[str, Any]]:
        found = job_of(client, job).get("deliveries", [])
        return [each for each in found if each["state"] != "pending"]

    wait_for(lambda: len(over()) == count)
    return over()
