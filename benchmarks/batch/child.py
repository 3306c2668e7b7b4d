"""Runs one batch job in its own process with its own Ray, and measures it from inside."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from batch.config import JobConfig
from batch.making.checking import Checker
from batch.planning.inputs import open_input
from batch.running import Job
from batch.wiring import JobWiring
from engines.datasets.marking import ImageMarks, NoMarks
from engines.errors import JsonValue, NotFound
from engines.profiles.matching import MatchColors
from engines.protocols import DiffusionEngine, Storage
from engines.storage.opening import open_storage
from engines.testing.diffusion import FakeEngine
from engines.types import Comparison
from local_ray.child import REPOSITORY
from local_ray.running import local_ray

Result = dict[str, float]


@dataclass(frozen=True)
class FakeWiring:
    """A model that takes no time, so that only the job's own cost is measured."""

    config: JobConfig

    def output(self) -> Storage:
        return open_storage(self.config.output.root)

    def engine(self) -> DiffusionEngine:
        return FakeEngine(config=self.config.engine)

    def checker(self) -> Checker:
        return Checker(None, None)

    def matching(self) -> MatchColors:
        return lambda _request, image: image

    def marks(self) -> ImageMarks:
        return NoMarks()

    def compare(self, name: str, statistics: Mapping[str, JsonValue]) -> Comparison:
        raise NotFound("profile", name)


def run_watched(config: JobConfig, ray_folder: str, fake: bool) -> Result:
    """Run the job. Returns its number of rows, its seconds and its peaks of memory in MiB."""
    root = config.output.root
    real = JobWiring(config, root, root, str(REPOSITORY / "models"))
    wiring = FakeWiring(config) if fake else real
    source = open_input(config.input, Path.cwd())
    folder = Path(ray_folder, "r")
    with (
        local_ray(folder, 4, dashboard=False, object_store_bytes=300 * 2**20),
        Peaks() as peaks,
    ):
        summary = Job(config, wiring, source, sys.stderr).run()
    if summary.exit_code != 0:
        raise SystemExit(summary.line())
    return {"rows": summary.rows, "seconds": summary.elapsed_s, **peaks.found}


class Peaks:
    """Largest resident memory, MiB, of the driver and of any other process of the job."""

    def __enter__(self) -> Peaks:
        self.found: Result = {"driver_mib": 0.0, "largest_worker_mib": 0.0}
        self._own = psutil.Process()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self._raise("driver_mib", self._own)
            for process in self._own.children(recursive=True):
                try:
                    if "MapWorker" in " ".join(process.cmdline()):
                        self._raise("largest_worker_mib", process)
                except psutil.Error:  # it ended meanwhile
                    continue

    def _raise(self, name: str, process: psutil.Process) -> None:
        self.found[name] = max(self.found[name], process.memory_info().rss / 2**20)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--ray-folder", required=True)
    parser.add_argument("--fake", action="store_true", help="use a model that takes no time")
    asked = parser.parse_args()
    config = JobConfig.model_validate_json(asked.config.read_text(encoding="utf-8"))
    print(json.dumps(run_watched(config, asked.ray_folder, asked.fake)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
