"""What the replicas would refuse is said before Ray starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deployments import config_files
from deployments.config import AppArgs
from deployments.settings import Settings
from deployments.wiring.effective import check_start
from engines.errors import InvalidParameters

LOCAL = Path(__file__).resolve().parents[3] / "configs" / "local.yaml"
HOOKS = {"api": {"webhooks": {"allowed_hosts": ["hooks.example.com"]}}}
REDIS = {"api": {"durable": {"store": "redis"}}}


def args(**changes: dict[str, Any]) -> AppArgs:
    """The args of the local config, with some keys of some sections changed."""
    given = config_files.load(LOCAL)["applications"][0]["args"]
    merged = {name: {**given.get(name, {}), **section} for name, section in changes.items()}
    return AppArgs.model_validate({**given, **merged})


@pytest.mark.parametrize(
    ("changes", "variables", "named"),
    [
        (HOOKS, {}, "INFERLOOP_WEBHOOK_SECRET must be set"),
        (HOOKS, {"webhook_secret": "short"}, "INFERLOOP_WEBHOOK_SECRET must have 24"),
        (REDIS, {}, "INFERLOOP_REDIS_URL must be set"),
        (REDIS, {"redis_url": "http://:hidden@host"}, "INFERLOOP_REDIS_URL must be redis://"),
        ({}, {"rate_limit_export": "lots"}, "INFERLOOP_RATE_LIMIT_EXPORT .*rate"),
        ({}, {"rate_limit_validate": "lots"}, "INFERLOOP_RATE_LIMIT_VALIDATE .*rate"),
        ({"marks": {"trust_anchors": ["none.pem"]}}, {}, "marks.trust_anchors .*"),
        (
            {"marks": {"certificate_chain": "none.pem", "private_key": "none.key"}},
            {},
            "marks.certificate_chain .*",
        ),
    ],
)
def test_what_a_replica_would_refuse_is_named(
    changes: dict[str, dict[str, Any]], variables: dict[str, str], named: str
) -> None:
    with pytest.raises(InvalidParameters, match=named) as refused:
        check_start(args(**changes), Settings.model_validate(variables))
    assert "hidden" not in refused.value.message


def test_what_is_complete_is_accepted() -> None:
    given = Settings(webhook_secret="s" * 24, redis_url="redis://host:6379/0")
    check_start(args(), Settings())
    check_start(args(**HOOKS), given)
    check_start(args(**REDIS), given)
