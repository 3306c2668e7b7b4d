"""Every shipped config loads through Serve's schema and the typed args."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from deployments import config_files
from deployments.app import apart, diffusion, together
from deployments.config import PoolConfig
from deployments.settings import Settings
from deployments.wiring.data import DataRoot
from deployments.wiring.diffusion import DiffusionWiring
from deployments.wiring.effective import effective_api
from serve_app.config import ModelDefaults

CONFIGS = sorted((Path(__file__).resolve().parents[3] / "configs").glob("*.yaml"))
OWN = {"ingress", "quality", "privacy", "exporter", "profiles"}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_a_config_loads_and_names_only_deployments_that_exist(path: Path) -> None:
    document = config_files.load(path)
    args = config_files.app_args(document)
    own = {"ingress", "cpu"} if args.one_cpu_process else OWN
    expected = own | {f"diffusion-{pool.name}" for pool in args.pools}
    if args.api.rate_limiter == "actor":
        expected.add("rate-limiter")
    (application,) = document["applications"]
    assert {deployment["name"] for deployment in application["deployments"]} == expected


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_parts_that_are_put_apart_are_deployments_again(path: Path) -> None:
    document = config_files.load(path)
    changed = config_files.with_parts_apart(document)
    args = config_files.app_args(changed)
    assert not args.one_cpu_process
    (application,) = changed["applications"]
    names = [deployment["name"] for deployment in application["deployments"]]
    assert set(names) - {f"diffusion-{pool.name}" for pool in args.pools} - {"rate-limiter"} == OWN
    assert len(names) == len(set(names))
    assert document == config_files.load(path)


def test_one_process_takes_the_place_of_just_the_parts_that_are_put_apart() -> None:
    parts: dict[str, tuple[type, Any]] = dict.fromkeys(config_files.CPU_PARTS, (dict, {}))
    assert {"ingress", *parts} == OWN
    assert len(set(map(id, together(parts).values()))) == 1
    assert len(set(map(id, apart(parts).values()))) == len(parts)


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


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_a_pools_bounds_are_those_of_its_step_budget(path: Path) -> None:
    """Serve replaces what a config overrides: each override must say what the budget gives."""
    document = config_files.load(path)
    (application,) = document["applications"]
    overrides = {deployment["name"]: deployment for deployment in application["deployments"]}
    for pool in config_files.app_args(document).pools:
        bounds = wiring(pool).capacity()
        said = overrides[f"diffusion-{pool.name}"]
        for name in ("max_ongoing_requests", "max_queued_requests"):
            assert said.get(name, getattr(bounds, name)) == getattr(bounds, name), name
        if scaling := said.get("autoscaling_config"):
            assert scaling["target_ongoing_requests"] == bounds.target_ongoing_requests


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_a_router_holds_the_largest_batch_call(path: Path) -> None:
    args = config_files.app_args(config_files.load(path))
    for pool in args.pools:
        queue = diffusion(wiring(pool)).max_queued_requests
        assert queue >= args.api.bounds.max_batch_size


def test_the_builder_fills_the_bounds_in() -> None:
    path = next(path for path in CONFIGS if path.name == "gpu.yaml")
    sd15, sdxl = config_files.app_args(config_files.load(path)).pools
    built = [diffusion(wiring(pool)) for pool in (sd15, sdxl)]
    assert [each.name for each in built] == ["diffusion-sd15", "diffusion-sdxl"]
    assert [each.max_ongoing_requests for each in built] == [16, 4]


def test_the_defaults_of_an_entry_reach_the_face_under_each_of_its_names() -> None:
    found = document()
    (model,) = found["applications"][0]["args"]["pools"][0]["engine"]["models"]
    model |= {"aliases": ["mini"], "defaults": {"width": 256, "num_inference_steps": 20}}
    args = config_files.app_args(found)
    api = effective_api(args.api_with_model_defaults(), Settings())
    expected = ModelDefaults(width=256, num_inference_steps=20)
    assert set(api.model_defaults) == {model["id"], "mini", *model["stand_in_for"]}
    assert set(map(repr, api.model_defaults.values())) == {repr(expected)}


def wiring(pool: PoolConfig) -> DiffusionWiring:
    return DiffusionWiring(pool, DataRoot("/nowhere"), str(CONFIGS[0].parents[1] / "models"))


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
    options = document()["http_options"]
    assert moved["http_options"] == {**options, "host": "127.0.0.1", "port": 8123}
    assert document()["http_options"]["port"] == 8000


@pytest.fixture
def local() -> dict[str, Any]:
    return config_files.load(Path(__file__).resolve().parents[3] / "configs" / "local.yaml")


def test_the_start_says_that_a_development_key_signs(local: dict[str, Any]) -> None:
    args = config_files.app_args(local)
    assert any("nobody else trusts" in line for line in config_files.start_notes(args))


def test_the_start_says_nothing_of_a_key_of_ones_own(local: dict[str, Any]) -> None:
    own = {"certificate_chain": "/etc/chain.pem", "private_key": "/etc/key.pem"}
    local["applications"][0]["args"]["marks"] = own
    notes = config_files.start_notes(config_files.app_args(local))
    assert not [line for line in notes if line.startswith("Marks")]
    local["applications"][0]["args"]["marks"] = {"enabled": False}
    notes = config_files.start_notes(config_files.app_args(local))
    assert "switched off" in notes[-1]
