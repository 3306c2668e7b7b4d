"""Who a key is, and the keys of the service, on the command line."""

from __future__ import annotations

import httpx

from tests.sdk.cli.command_line import CommandLine, Service

ALICE = {
    "name": "alice",
    "scopes": ["generate", "read"],
    "space": None,
    "max_stored_bytes": None,
    "expires_at": None,
    "budgets": [
        {"name": "generate", "rate": "10/minute", "limit": 10, "remaining": 7, "resets_at": "T"},
        {"name": "read", "rate": "3000/minute", "limit": 3000, "remaining": 3000, "resets_at": "T"},
    ],
}


def test_a_key_learns_what_it_may_do() -> None:
    line = CommandLine(Service(whoami=ALICE))
    assert line.run("server", "whoami") == 0
    assert line.out.splitlines() == [
        "name: alice",
        "scopes: generate, read",
        "space: -",
        "expires_at: -",
        "BUDGET    RATE         LEFT       RESETS",
        "generate  10/minute    7/10       T",
        "read      3000/minute  3000/3000  T",
    ]


POOL = {
    "name": "diffusion-default",
    "status": "HEALTHY",
    "healthy": True,
    "message": "",
    "replicas": {"target": 2, "running": 1, "starting": 1, "stopping": 0},
    "models": [{"id": "mini", "replicas": 1, "memory_bytes": 61_400_000}],
}


def test_an_admin_sees_replicas_and_loaded_models() -> None:
    line = CommandLine(Service(deployments={"deployments": [POOL]}))
    assert line.run("server", "deployments") == 0
    assert [row.split() for row in line.out.splitlines()] == [
        ["NAME", "STATUS", "RUNNING", "STARTING", "STOPPING", "MODELS"],
        ["diffusion-default", "HEALTHY", "1/2", "1", "0", "mini", "61", "MB"],
    ]


def test_a_script_learns_of_a_deployment_that_is_not_healthy() -> None:
    ill = {**POOL, "status": "UNHEALTHY", "healthy": False, "models": []}
    line = CommandLine(Service(deployments={"deployments": [POOL, ill]}))
    assert line.run("server", "deployments") == 1
    assert "UNHEALTHY" in line.out


def test_an_admin_sees_the_keys_of_all_pages() -> None:
    def service(request: httpx.Request) -> httpx.Response:
        if "cursor" in request.url.params:
            return httpx.Response(200, json={"callers": [{**ALICE, "name": "bob", "budgets": []}]})
        return httpx.Response(200, json={"callers": [ALICE], "next_cursor": "alice"})

    line = CommandLine(service)
    assert line.run("server", "keys") == 0
    assert [row.split() for row in line.out.splitlines()] == [
        ["NAME", "SCOPES", "SPACE", "EXPIRES", "LEFT"],
        ["alice", "generate,read", "-", "-", "generate", "7/10"],
        ["bob", "generate,read", "-", "-", "all"],
    ]
