"""Run the job for a declared dataset: read the declaration, make missing images, print the
result."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TextIO

from batch.declared.actors import makers_on_ray
from batch.declared.config import DeclaredConfig, load_declaration, load_declared_config
from batch.declared.maker import MakerWiring
from batch.declared.wiring import DeclaredWiring
from batch.progress import Progress, ProgressPrinter
from batch.settings import JobSettings
from engines.datasets.sidecars.declared import close_declared, open_declared
from engines.datasets.spec.plan import DatasetPlan
from engines.datasets.spec.result import DatasetResult
from engines.datasets.spec.run import DatasetRun, Workshop

DEFAULT_DATA_ROOT = "data"


def prepared(
    spec: Path, config: Path | None, root: str | None, cwd: Path
) -> tuple[DatasetPlan, DeclaredConfig, DeclaredWiring]:
    """Read the declaration and the config, without making images. `root`: data root, instead of the
    environment's.

    Raises:
        InvalidParameters: a file cannot be read, or a value in it is not allowed.
    """
    settings, plan = JobSettings(), DatasetPlan(load_declaration(spec))
    next(plan.items())  # refuses prompts that are too long
    made_with = load_declared_config(config)
    absolute = settings.absolute(root or settings.data_root or str(cwd / DEFAULT_DATA_ROOT), cwd)
    models_root = str(settings.absolute_models_root(cwd))
    wiring = DeclaredWiring(made_with, absolute, models_root, settings.s3_endpoint_url)
    return plan, made_with, wiring


def run_on_ray(
    plan: DatasetPlan, config: DeclaredConfig, wiring: MakerWiring, stream: TextIO = sys.stdout
) -> int:
    """Make the dataset on the connected Ray. Returns the exit code: 0 complete, 1 images are
    missing."""
    with makers_on_ray(wiring, config.resources) as workshop:
        workshop.requirements = plan.spec.require
        in_flight = config.resources.makers * config.resources.in_flight
        result = make_dataset(plan, workshop, wiring, in_flight, stream)
    return tell(result, stream)


def make_dataset(
    plan: DatasetPlan, workshop: Workshop, wiring: MakerWiring, in_flight: int, stream: TextIO
) -> DatasetResult:
    """Make the missing images of the dataset in the data root.

    Raises:
        Conflict: the dataset has another declaration.
        InferloopError: the error that ended the run; another run can continue.
    """
    storage, spec, printer = wiring.storage(), plan.spec, ProgressPrinter(stream)
    declaration = spec.model_dump_json().encode()
    before = open_declared(storage, spec.name, plan.identity, declaration)
    printer.say(f"{plan.total} images, {len(before)} done before")

    started = time.monotonic()

    def show(done: int, total: int) -> None:
        counts = {"written": done, "image": run.result.images_made}
        printer.show(Progress(total, 0, counts, time.monotonic() - started, unit="images"))

    run = DatasetRun(plan, workshop, in_flight, before, show)
    try:
        return asyncio.run(run.run())
    finally:
        close_declared(storage, spec.name, run.result.taken.values(), run.result.short)


def tell(result: DatasetResult, stream: TextIO) -> int:
    """Print the result; returns the exit code."""
    for shortage in result.short:
        print(shortage.message, file=stream, flush=True)
    print(
        f"{result.status}: {result.made} of {result.requested} images in generated/{result.name}, "
        f"{result.images_made} made now",
        file=stream,
        flush=True,
    )
    return 0 if result.status == "complete" else 1
