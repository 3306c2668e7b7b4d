"""The parts of an image's time: one image alone through the whole service, and one of many.

    python -m benchmarks.waterfall [--model models/inferloop-mini] [--no-service]

Prints three tables as Markdown. The first is for one request alone. The service is started with
Ray, and a replica is built without Ray, whose parts are timed separately. The difference between
both is the time of HTTP, Serve and the call to the replica. The other tables show the CPU time of
an image while there are always `--company` requests: by stage, and by kind of operator (torch's
profiler). `--no-service` leaves out the part with Ray.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.waterfall.replica import Replica
from benchmarks.waterfall.saturated import saturated
from benchmarks.waterfall.stack import through_the_service
from engines.diffusion.config import FolderSource, ModelEntry
from engines.diffusion.model_options import GuidanceOptions
from engines.types import GenerationRequest

MINI = "inferloop/inferloop-mini"
SHOWN = {"prompt": "a red apple on a blue background", "width": 512, "height": 512}


def request(image_id: str, steps: int) -> GenerationRequest:
    """A request with guidance to the embedded model."""
    return GenerationRequest(
        image_id=image_id,
        model_id=MINI,
        num_inference_steps=steps,
        guidance_scale=7.5,
        seed=1,
        **SHOWN,  # type: ignore[arg-type]  # a str and two int, by their names
    )


def entry(model: Path) -> ModelEntry:
    """The model entry as in configs/local.yaml."""
    source = FolderSource(path=str(model.resolve()))
    guidance = GuidanceOptions(gain=0.154)
    return ModelEntry(id=MINI, source=source, guidance=guidance, load_at_start=True)


def lone(replica: Replica, steps: int, repeats: int) -> dict[str, tuple[float, float]]:
    """Stage to the medians of wall and CPU milliseconds, on an idle replica. The first image is not
    counted."""
    replica.engine.start()
    runs = [replica.alone(request(f"alone-{index}", steps)) for index in range(repeats + 1)][1:]
    replica.engine.shutdown()
    return {
        name: (
            statistics.median(run[name][0] for run in runs),
            statistics.median(run[name][1] for run in runs),
        )
        for name in runs[0]
    }


def waterfall(stages: Mapping[str, tuple[float, float]], stack: Mapping[str, float] | None) -> str:
    """The table for one request alone."""
    rows = [(name, wall, f"{cpu:.1f}") for name, (wall, cpu) in stages.items()]
    inside = sum(wall for _, wall, _ in rows)
    if stack:
        recorded = sum(stages[name][0] for name in ("PNG and hashes", "mark", "storage"))
        hops = stack["total"] - stack["engine"] - recorded - stack["ingress"]
        rows = [
            ("HTTP, Serve's proxy, ingress", stack["ingress"], ""),
            ("hop to the replica and back, answer", hops, ""),
            *rows,
            ("the service, in all", stack["total"], ""),
            ("of it the engine", stack["engine"], ""),
        ]
    lines = [f"| {name} | {wall:.1f} | {cpu} |" for name, wall, cpu in rows]
    return "\n".join(
        [
            "| stage | ms | of CPU |\n|---|---|---|",
            *lines,
            f"| a replica, in all | {inside:.1f} | |",
        ]
    )


def shares(title: str, parts: Mapping[str, float]) -> str:
    """A table of parts with their shares of the sum, the largest first."""
    total = sum(parts.values())
    ordered = sorted(parts.items(), key=lambda part: -part[1])
    lines = [f"| {name} | {ms:.1f} | {100 * ms / total:.0f} % |" for name, ms in ordered]
    return "\n".join(
        [f"| {title} | ms of CPU | share |\n|---|---|---|", *lines, f"| all | {total:.0f} | |"]
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=Path("models/inferloop-mini"))
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument(
        "--company", type=int, default=16, help="number of requests in the engine at saturation"
    )
    parser.add_argument("--images", type=int, default=32, help="number of images at saturation")
    parser.add_argument(
        "--threads", type=int, default=2, help="torch threads of the replica with one request"
    )
    parser.add_argument(
        "--no-service", action="store_true", help="do not start the service with Ray"
    )
    chosen = parser.parse_args()
    stack = None
    if not chosen.no_service:
        body = {**SHOWN, "num_inference_steps": chosen.steps, "guidance_scale": 7.5}
        stack = through_the_service(body, chosen.repeats)
    with tempfile.TemporaryDirectory() as folder:
        alone = Replica(entry(chosen.model), Path(folder) / "alone", chosen.threads)
        print(waterfall(lone(alone, chosen.steps, chosen.repeats), stack), flush=True)
        crowded = Replica(entry(chosen.model), Path(folder) / "crowded", 1)
        crowded.warm()
        found = saturated(crowded, request("", chosen.steps), chosen.company, chosen.images)
    print("\n" + shares(f"stage, {chosen.company} requests inside", found.stages))
    print("\n" + shares("kind of operator", found.operators))


if __name__ == "__main__":
    main()
