"""What a cluster's config must hold beyond loading: drains, deadlines, places, resting pools."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deployments import config_files
from deployments.config import AppArgs

FOLDER = Path(__file__).resolve().parents[3] / "configs"
CONFIGS = sorted(FOLDER.glob("*.yaml"))
CLUSTERS = [FOLDER / "production.yaml", FOLDER / "production-to-zero.yaml"]

each_config = pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
each_cluster = pytest.mark.parametrize("path", CLUSTERS, ids=lambda path: path.stem)


def deployments_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {told["name"]: told for told in document["applications"][0]["deployments"]}


def replicas(deployment: dict[str, Any]) -> tuple[int, int]:
    """The fewest and the most."""
    scaling = deployment.get("autoscaling_config")
    if scaling is None:
        return deployment["num_replicas"], deployment["num_replicas"]
    return scaling["min_replicas"], scaling["max_replicas"]


def longest_generation_s(args: AppArgs) -> float:
    bounds = args.api.bounds
    side = bounds.max_side_px
    return args.api.jobs.deadline_s(side, side, bounds.max_inference_steps)


@each_cluster
def test_a_replica_drains_longer_than_the_longest_generation(path: Path) -> None:
    document = config_files.load(path)
    longest = longest_generation_s(config_files.app_args(document))
    for name, deployment in deployments_of(document).items():
        if name == "ingress" or name.startswith("diffusion-"):
            assert deployment["graceful_shutdown_timeout_s"] > longest, name


@each_cluster
def test_our_deadlines_end_a_request_before_the_proxy_does(path: Path) -> None:
    document = config_files.load(path)
    args = config_files.app_args(document)
    calls = args.api.deadlines
    ours = (calls.export_s, calls.profile_s, calls.validation_s, longest_generation_s(args))
    assert document["http_options"]["request_timeout_s"] > max(ours)


@each_config
def test_a_pool_says_that_it_rests_where_it_may(path: Path) -> None:
    """Else /readyz would wait for it, and wake it up."""
    document = config_files.load(path)
    told = deployments_of(document)
    for pool in config_files.app_args(document).pools:
        least, _ = replicas(told[f"diffusion-{pool.name}"])
        assert pool.scale_to_zero == (least == 0)


@each_config
def test_only_pools_rest(path: Path) -> None:
    for name, deployment in deployments_of(config_files.load(path)).items():
        least, most = replicas(deployment)
        assert least <= most
        assert least >= 1 or name.startswith("diffusion-"), name


@each_config
def test_the_api_knows_how_many_ingress_replicas_there_may_be(path: Path) -> None:
    """By it, a rate limiter that counts in one replica only is refused."""
    document = config_files.load(path)
    _, most = replicas(deployments_of(document)["ingress"])
    assert config_files.app_args(document).api.ingress_replicas >= most


@each_cluster
def test_every_role_has_its_kind_of_node(path: Path) -> None:
    for name, deployment in deployments_of(config_files.load(path)).items():
        options = deployment["ray_actor_options"]
        on_gpu = name.startswith("diffusion-")
        kind = "gpu_node" if on_gpu else "ingress_node" if name == "ingress" else "cpu_node"
        assert list(options["resources"]) == [kind], name
        assert (options.get("num_gpus", 0) > 0) == on_gpu, name


@each_cluster
def test_two_ingress_replicas_are_never_on_one_node(path: Path) -> None:
    ingress = deployments_of(config_files.load(path))["ingress"]
    assert replicas(ingress)[0] >= 2
    assert ingress["max_replicas_per_node"] == 1


@each_cluster
def test_budgets_are_counted_in_redis_and_nothing_stands_in(path: Path) -> None:
    args = config_files.app_args(config_files.load(path))
    assert args.api.rate_limiter == "redis"
    assert args.stand_ins() == {}


def leaves(node: object, where: str = "") -> Iterator[tuple[str, object]]:
    """Every value of a document with the path to it; list items go by their name."""
    if isinstance(node, dict):
        for key, child in node.items():
            yield from leaves(child, f"{where}/{key}")
    elif isinstance(node, list) and node and isinstance(node[0], dict):
        for position, child in enumerate(node):
            yield from leaves(child, f"{where}/{child.get('name', position)}")
    else:
        yield where, node


def test_the_variant_differs_in_resting_and_what_follows_from_it() -> None:
    always, resting = (dict(leaves(config_files.load(path))) for path in CLUSTERS)
    differing = {
        where for where in always.keys() | resting.keys() if always.get(where) != resting.get(where)
    }
    assert {where.rpartition("/")[2] for where in differing} == {
        "scale_to_zero",
        "min_replicas",
        "initial_replicas",
        "downscale_to_zero_delay_s",
        "deadline_base_s",
        "graceful_shutdown_timeout_s",
    }


@pytest.mark.parametrize("revision", [None, "main", "v1.0", "451f4fe", "451F" * 10])
def test_a_hub_model_that_could_change_is_refused(revision: str | None) -> None:
    model = {"id": "a/b", "source": {"kind": "hub", "repository": "a/b", "revision": revision}}
    pools = [{"name": "only", "engine": {"models": [model]}}]
    with pytest.raises(ValidationError, match=r"must be a commit of a/b"):
        AppArgs.model_validate({"pools": pools})
    AppArgs.model_validate({"pools": pools, "allow_unpinned_models": True})


def test_an_adapter_that_could_change_is_refused() -> None:
    lora = {"name": "ink", "source": {"kind": "hub", "repository": "a/ink"}}
    model = {"id": "m", "source": {"kind": "folder", "path": "m"}, "loras": [lora]}
    with pytest.raises(ValidationError, match=r"must be a commit of a/ink"):
        AppArgs.model_validate({"pools": [{"name": "only", "engine": {"models": [model]}}]})


@each_config
def test_no_config_that_ships_lets_weights_change(path: Path) -> None:
    assert not config_files.app_args(config_files.load(path)).allow_unpinned_models
