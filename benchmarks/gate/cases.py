"""The cases that the gate measures. Run as a script inside a checkout, it prints one number:

    PYTHONPATH=. python benchmarks/gate/cases.py "export jsonl"

Each case calls the `benchmarks` of the measured checkout, which import that checkout's modules. So
commits can be compared even if modules were moved between them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.serving.load import Target

IMAGES = 1000
STEPS = 12
JUDGED = 12
SATURATING = 24


def export(method: str, images: int = IMAGES) -> float:
    """CPU seconds of one export of small images."""
    from benchmarks.export.dataset import make_dataset
    from benchmarks.export.files import in_own_process

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        make_dataset(root, images, 64)
        return in_own_process(method, root, images)["cpu_s"]


def engine_steps() -> float:
    """CPU seconds of `STEPS` engine steps with eight rows."""
    from benchmarks.engine import NEVER_DONE, Bench, Heard, wanted

    engine = Bench(Path("models/inferloop-mini"), 1).engine()
    for index in range(8):
        engine.submit(wanted(str(index), NEVER_DONE, guidance=1.0), Heard())
    engine.step()
    return _cpu_s(engine.step, STEPS)


def lone_image() -> float:
    """CPU seconds of one image of 20 steps, including decoding."""
    from benchmarks.engine import Bench, Heard, wanted

    engine = Bench(Path("models/inferloop-mini"), 1).engine()

    def made(name: str) -> None:
        heard = Heard()
        engine.submit(wanted(name), heard)
        while heard.image is None and heard.error is None:
            engine.step()

    made("warm")
    return _cpu_s(lambda: made("timed"), 1)


def judged(kind: str) -> float:
    """CPU seconds of `JUDGED` reports on one image."""
    from benchmarks.validators.scaling import _content, judge_of

    judge, content = judge_of(kind, 1), _content()
    judge(content)
    return _cpu_s(lambda: judge(content), JUDGED)


def stack() -> float:
    """Wall milliseconds of a small generation without the engine: HTTP, Serve, PNG and storage.
    Median of 50."""
    import contextlib
    import io

    from benchmarks import overhead

    said = io.StringIO()
    arguments, sys.argv = sys.argv, ["overhead", "--count", "50"]
    with contextlib.redirect_stdout(said):
        overhead.main()
    sys.argv = arguments
    row = next(line for line in said.getvalue().splitlines() if line.startswith("| overhead"))
    return float(row.split("|")[2])


def saturation() -> float:
    """CPU seconds for each image in all processes of the service while it is saturated."""
    from benchmarks.serving.load import Target
    from deployments.local.child_service import Service

    generous = {"INFERLOOP_RATE_LIMIT_GENERATE": "1000000/minute"}
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), environment=generous)
        try:
            service.wait_until_ready()
            target = Target(f"{service.url}/api/v1/generate", {"X-API-Key": service.key})
            saturated(target, service.pid, SATURATING // 2, 512)  # warm-up: new shapes
            return saturated(target, service.pid, SATURATING, 512)
        finally:
            service.stop()


def saturated(target: Target, pid: int, images: int, side_px: int) -> float:
    """CPU seconds for each image in the process `pid` and its descendants, while mixed requests for
    `images` images, all sent at once, are answered. Raises `RuntimeError` if one was not made."""
    from benchmarks.serving import load

    began = _family_cpu_s(pid)
    found = load.run(target, load.at_once(load.bodies(images, 1, side_px)))
    if found.refused:
        raise RuntimeError(f"{found.refused} of {images} requests were not answered")
    return (_family_cpu_s(pid) - began) / images


def _family_cpu_s(pid: int) -> float:
    import psutil

    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in family)


def _cpu_s(action: Callable[[], object], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        action()
    return time.process_time() - began


CASES: dict[str, Callable[[], float]] = {
    "export jsonl": lambda: export("ours jsonl"),
    "export parquet": lambda: export("ours parquet"),
    "export webdataset": lambda: export("ours webdataset"),
    "engine, steps of 8 rows": engine_steps,
    "engine, a lone image": lone_image,
    "quality": lambda: judged("quality"),
    "privacy, faces": lambda: judged("faces"),
    "privacy, faces and text": lambda: judged("faces and text"),
}
SERVICE_CASES: dict[str, Callable[[], float]] = {
    "the stack round a generation": stack,
    "saturation, an image": saturation,
}
"""Cases that start the service. Each run takes about a minute."""


if __name__ == "__main__":
    sys.stdout.write(f"gate {({**CASES, **SERVICE_CASES})[sys.argv[1]]()}\n")
