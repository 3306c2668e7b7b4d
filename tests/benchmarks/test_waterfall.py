"""The waterfall at a tiny size: every stage is met, and the parts make up the whole."""

from __future__ import annotations

from pathlib import Path

import httpx
import orjson
import pytest

from benchmarks.waterfall.__main__ import shares, waterfall
from benchmarks.waterfall.replica import Replica
from benchmarks.waterfall.saturated import kind_of, saturated
from benchmarks.waterfall.stack import GENERATE, measured
from tests.engines.diffusion.rig import request, tiny_entry

STAGES = {"queue", "text and noise", "steps", "decode", "PNG and hashes", "mark", "storage"}


@pytest.fixture
def replica(tmp_path: Path) -> Replica:
    return Replica(tiny_entry(), tmp_path, threads=1)


def test_a_lone_request_passes_every_stage_and_is_stored(replica: Replica, tmp_path: Path) -> None:
    replica.engine.start()
    stages = replica.alone(request("image_alone"))
    replica.engine.shutdown()
    assert set(stages) >= STAGES
    assert all(stages[name][0] > 0 for name in STAGES - {"storage"})
    assert (tmp_path / "generated" / "image_alone.png").is_file()


def test_a_failed_request_is_not_measured(replica: Replica) -> None:
    replica.engine.start()
    with pytest.raises(Exception, match="Not finished within"):
        replica.alone(request(deadline_s=0.0))
    replica.engine.shutdown()


def test_at_saturation_every_image_is_recorded_and_the_stages_are_told(
    replica: Replica, tmp_path: Path
) -> None:
    found = saturated(replica, request(""), company=2, images=2)
    assert found.images == 2
    assert set(found.stages) >= STAGES - {"queue"}
    assert found.operators["convolutions"] > 0
    assert len(list((tmp_path / "generated").glob("*.png"))) >= 4
    assert replica.engine.stats().queued == replica.engine.stats().running == 0


@pytest.mark.parametrize(
    ("operator", "kind"),
    [
        ("aten::mkldnn_convolution", "convolutions"),
        ("aten::addmm", "matrix products"),
        ("aten::_scaled_dot_product_flash_attention_for_cpu", "attention"),
        ("aten::native_group_norm", "norms"),
        ("aten::silu", "activations"),
        ("aten::copy_", "copies and layouts"),
        ("aten::add", "everything else"),
    ],
)
def test_operators_are_told_by_kind(operator: str, kind: str) -> None:
    assert kind_of(operator) == kind


def test_what_the_service_takes_beyond_its_parts_is_the_hop() -> None:
    stages = {
        "queue": (1.0, 0.0),
        "steps": (10.0, 9.0),
        "PNG and hashes": (3.0, 2.5),
        "mark": (2.0, 2.0),
        "storage": (1.0, 0.5),
    }
    table = waterfall(stages, {"total": 40.0, "engine": 12.0, "ingress": 5.0})
    assert "| hop to the replica and back, answer | 17.0 |" in table
    assert "| a replica, in all | 17.0 |" in table
    assert "hop" not in waterfall(stages, None)


def test_the_largest_share_comes_first() -> None:
    lines = shares("stage", {"small": 1.0, "large": 3.0}).splitlines()
    assert lines[2:] == ["| large | 3.0 | 75 % |", "| small | 1.0 | 25 % |", "| all | 4 | |"]


def test_the_service_is_asked_in_turn_and_the_first_answers_do_not_count(tmp_path: Path) -> None:
    seeds: list[int] = []

    def answer(asked: httpx.Request) -> httpx.Response:
        if asked.url.path != GENERATE:
            return httpx.Response(200)
        seeds.append(orjson.loads(asked.content)["seed"])
        recipe = tmp_path / f"{len(seeds)}.json"
        recipe.write_bytes(orjson.dumps({"engine_s": 9.0 if len(seeds) == 1 else 0.5}))
        return httpx.Response(200, json={"image_path": str(recipe.with_suffix(".png"))})

    client = httpx.Client(base_url="http://service", transport=httpx.MockTransport(answer))
    found = measured(client, {"prompt": "a fox"}, repeats=2)
    assert seeds == [0, 1, 2]
    assert found["engine"] == 500.0
    assert found["total"] > 0 < found["ingress"]
