"""A small program of a user of the SDK. mypy and pyright check it in strict mode."""

# ruff: noqa: T201
from __future__ import annotations

import asyncio
from pathlib import Path

from inferloop_synthdata import (
    AsyncSyntheticImageClient,
    Progress,
    RateLimited,
    RequirementsNotMet,
    SyntheticImageClient,
)
from inferloop_synthdata.operations.endpoints import generate_image


def first_image(folder: Path) -> int | None:
    """Make an image, and use every part of the answer."""
    with SyntheticImageClient() as client:
        image = client.generate_image(prompt="A red fox", width=256, height=256, seed=7)
        path: str = image.image_path
        saved: Path = client.download_image(path, to=folder)
        verdict = client.with_options(timeout_s=30, max_retries=0).validate_quality(path)
        if not verdict.passed and verdict.weakest is not None:
            print(saved, verdict.weakest.factor, verdict.weakest.threshold)
        raw = client.send(generate_image(prompt="A red fox"))
        print(raw.request_id, raw.answer.parameters.width, image["parameters"]["width"])
        return image.parameters.seed


def a_dataset() -> str:
    """Use a job, its events, the list of jobs, and an export."""
    with SyntheticImageClient(api_key="k", base_url="http://localhost:8000") as client:
        job = client.jobs.submit(generate_image(prompt="A red fox", dataset="foxes"))
        for event in client.jobs.events(job.id):
            print(event.type, event.data.get("done"))
        for old in client.jobs.iterate(state="succeeded", page_size=50):
            print(old.id, old.progress.done if old.progress is not None else None)
        report = client.export_parquet(
            dataset_dir="/data/generated/foxes",
            output_file="/data/exports/foxes.parquet",
            splits={"train": 0.9, "test": 0.1},
            filter={"quality_passed": True},
        )
        files: dict[str, str] | None = report.output_files
        return report.output_file if files is None else files["train"]


async def watched() -> bytes | None:
    """Use a stream with previews."""
    last: bytes | None = None
    async with AsyncSyntheticImageClient() as client:
        try:
            async for event in client.generate_stream(prompt="A red fox", previews=True):
                if isinstance(event, Progress):
                    last = event.preview_jpeg or last
                else:
                    print(event.image_path, event.served_model)
        except RateLimited as error:
            print("again in", error.retry_after_s)
        except RequirementsNotMet as error:
            print(error.code, error.details)
    return last


if __name__ == "__main__":
    print(first_image(Path()), a_dataset(), asyncio.run(watched()))
