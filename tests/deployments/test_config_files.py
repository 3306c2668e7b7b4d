"""Every shipped config loads through Serve's schema and the typed args."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from deployments import config_files

CONFIGS = sorted((Path(__file__).resolve().parents[2] / "configs").glob("*.yaml"))
OWN = {"ingress", "quality", "privacy", "exporter", "profiles"}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_a_config_loads_and_names_only_deployments_that_exist(path: Path) -> None:
    document = config_files.load(path)
    args = config_files.app_args(document)
    expected = OWN | {f"diffusion-{pool.name}" for pool in args.pools}
    if args.api.rate_limiter == "actor":
        expected.add("rate-limiter")
    (application,) = document["applications"]
    assert {deployment["name"] for deployment in application["deployments"]} == expected


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_actor_options_are_complete_because_serve_replaces_them(path: Path) -> None:
    (application,) = config_files.load(path)["applications"]
    for deployment in application["deployments"]:
        assert "num_cpus" in deployment["ray_actor_options"], deployment["name"]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_the_contracts_default_model_is_served(path: Path) -> None:
    args = config_files.app_args(config_files.load(path))
    served = {name for pool in args.pools for name in pool.served_ids()}
    assert args.api.default_model_id in served


def document() -> dict[str, Any]:
    text = next(path for path in CONFIGS if path.name == "local.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_a_stand_in_is_refused_where_it_is_not_allowed() -> None:
    found = document()
    found["applications"][0]["args"]["allow_stand_ins"] = False
    with pytest.raises(ValidationError, match="stands in"):
        config_files.app_args(found)


def test_a_model_lives_in_one_pool() -> None:
    found = document()
    pools = found["applications"][0]["args"]["pools"]
    pools.append({**pools[0], "name": "second"})
    with pytest.raises(ValidationError, match="is in the pools"):
        config_files.app_args(found)


def test_an_unknown_key_is_refused() -> None:
    found = document()
    found["applications"][0]["args"]["pools"][0]["engine"]["max_qeued"] = 3
    with pytest.raises(ValidationError, match="max_qeued"):
        config_files.app_args(found)


def test_the_port_is_the_starts_choice() -> None:
    moved = config_files.on_port(document(), "127.0.0.1", 8123)
    assert moved["http_options"] == {"host": "127.0.0.1", "port": 8123}
    assert document()["http_options"]["port"] == 8000
