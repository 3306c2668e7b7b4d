"""A whole job with a fake model on its own Ray. It runs as a child process, so that it can be
killed. Special prompts cause faults: "kills the engine", "kills the checker", "dull".
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from batch.config import JobConfig, load_config
from batch.making.checking import Checker
from batch.output.records import finished_shards
from batch.planning.inputs import open_input
from batch.running import Job
from engines.datasets.marking import ImageMarks, NoMarks
from engines.errors import JsonValue, NotFound
from engines.images import ImageLimits
from engines.images.png_text import read_png_text
from engines.profiles.matching import MatchColors
from engines.protocols import DiffusionEngine, GenerationListener, Storage
from engines.storage.opening import open_storage
from engines.testing.diffusion import FakeEngine
from engines.types import Comparison, GeneratedImage, GenerationRequest, QualityReport
from local_ray.running import local_ray


class MortalEngine(FakeEngine):
    def submit(self, request: GenerationRequest, listener: GenerationListener) -> None:
        if "kills the engine" in request.prompt:
            os._exit(1)
        super().submit(request, listener)


def judge(content: bytes, row_id: str) -> QualityReport:
    recipe = json.loads(read_png_text(io.BytesIO(content))["inferloop.recipe"])
    if "kills the checker" in recipe["prompt"]:
        os._exit(1)
    score = 0.1 if "dull" in recipe["prompt"] else 0.9
    return QualityReport(row_id, score, {"contrast": score}, score > 0.5, "fake/1")


def as_is(request: GenerationRequest, image: GeneratedImage) -> GeneratedImage:
    return image


@dataclass(frozen=True)
class FakeWiring:
    config: JobConfig
    step_s: float
    s3_endpoint_url: str | None = None

    def output(self) -> Storage:
        return open_storage(self.config.output.root, self.s3_endpoint_url)

    def engine(self) -> DiffusionEngine:
        return MortalEngine(self.step_s, self.config.engine)

    def matching(self) -> MatchColors:
        return as_is

    def marks(self) -> ImageMarks:
        return NoMarks()

    def compare(self, name: str, statistics: Mapping[str, JsonValue]) -> Comparison:
        raise NotFound("profile", name)

    def checker(self) -> Checker:
        return Checker(judge, None, ImageLimits())


def start_nodes(output: Storage) -> None:
    """A head node without work and two worker nodes, one of which is killed after the first
    shard."""
    cluster = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 0,
            "include_dashboard": False,
            "object_store_memory": 100 * 2**20,
        },
    )
    worker = {"num_cpus": 4, "resources": {"gpu_node": 1}, "object_store_memory": 100 * 2**20}
    doomed = cluster.add_node(**worker)
    cluster.add_node(**worker)
    ray.init(address=cluster.address, log_to_driver=False)

    def kill_in_the_middle() -> None:
        while not list(finished_shards(output)):
            time.sleep(0.1)
        cluster.remove_node(doomed, allow_graceful=False)
        sys.stderr.write("a node is dead\n")

    threading.Thread(target=kill_in_the_middle, daemon=True).start()


@contextmanager
def nodes(_asked: argparse.Namespace, wiring: FakeWiring) -> Iterator[None]:
    start_nodes(wiring.output())
    yield
    ray.shutdown()


@contextmanager
def one_machine(asked: argparse.Namespace) -> Iterator[None]:
    folder = Path(asked.ray_folder, "r")
    with local_ray(folder, 4, dashboard=False, object_store_bytes=100 * 2**20):
        yield


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--ray-folder", required=True)
    parser.add_argument("--step-s", type=float, default=0.0)
    parser.add_argument("--lose-a-node", action="store_true")
    parser.add_argument("--s3-endpoint")
    asked = parser.parse_args()
    config = load_config(asked.config)
    wiring = FakeWiring(config, asked.step_s, asked.s3_endpoint)
    source = open_input(config.input, asked.config.parent)
    with nodes(asked, wiring) if asked.lose_a_node else one_machine(asked):
        summary = Job(config, wiring, source, sys.stderr).run()
    sys.stdout.write(json.dumps(asdict(summary)) + "\n")
    return summary.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
