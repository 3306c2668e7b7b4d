"""Endpoints of what the server keeps: datasets, images, and the files of exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal

from inferloop_synthdata import answers
from inferloop_synthdata.operations.operation import (
    OnProgress,
    Operation,
    Upload,
    ignore_answer,
    read_answer,
)
from inferloop_synthdata.operations.parts import delete, get, given, inside, saved, segment


def list_models() -> Operation[answers.ModelList]:
    """The models that `model_id` takes, each with its defaults and adapters, and the bounds of
    requests (`GET /models`)."""
    return get("/models", answers.ModelList, "models", "limits")


def check_ready() -> Operation[answers.Health]:
    """Whether every part of the service can serve now (`GET /readyz`); after the retries raises
    `Overloaded`, with the parts that cannot in `details["not_ready"]`."""
    return replace(get("/readyz", answers.Health, "status"), below_root=True)


def list_datasets() -> Operation[answers.DatasetList]:
    """Every dataset with its counts (`GET /datasets`)."""
    return get("/datasets", answers.DatasetList, "datasets")


def get_dataset(name: str) -> Operation[answers.Dataset]:
    """One dataset's counts, size and verdicts (`GET /datasets/{name}`)."""
    return get(f"/datasets/{segment(name)}", answers.Dataset, "name")


def dataset_report(
    name: str,
    *,
    reference_dir: str | None = None,
    profile: str | None = None,
    on_progress: OnProgress | None = None,
) -> Operation[answers.DatasetReport]:
    """The report on a dataset (`POST /datasets/{name}/report`): counts, near-duplicates, failing
    images; against the real images of the server's folder `reference_dir` density, coverage and
    copies; against `profile` its statistics, and the same figures where it keeps features. Made
    anew only where something has changed.

    `on_progress(done, total)` hears how many images are read.
    """
    body = given(reference_dir=reference_dir, profile=profile)
    parse = read_answer(answers.DatasetReport, "name", "images", "near_duplicates")
    path = f"/datasets/{segment(name)}/report"
    return Operation("POST", path, parse, True, body=body, on_progress=on_progress)


def save_report(
    name: str,
    *,
    to: str | Path,
    reference_dir: str | None = None,
    profile: str | None = None,
) -> Operation[Path]:
    """The same report in a local file (`GET /datasets/{name}/report`): JSON where its name ends
    with `.json`, else a page that stands alone and prints well; in a folder `<name>.html`. Gives
    the file."""
    target = inside(to, f"{name}.html")
    query = {"format": "json" if target.suffix.lower() == ".json" else "html"}
    if reference_dir is not None:
        query["reference_dir"] = reference_dir
    if profile is not None:
        query["profile"] = profile
    return saved(f"/datasets/{segment(name)}/report", query, target)


def delete_dataset(name: str) -> Operation[None]:
    """Remove a dataset and its images (`DELETE /datasets/{name}`)."""
    return delete(f"/datasets/{segment(name)}")


def upload_image(
    image: str | Path | bytes,
    *,
    folder: str | None = None,
    file_name: str = "image",
    dataset: str | None = None,
    labels: Mapping[str, str] | None = None,
    prompt: str | None = None,
) -> Operation[answers.UploadedImage]:
    """Store a real image under `uploads/`, or `uploads/<folder>/`, or as an image of a `dataset`
    with `labels` and a `prompt`, which says what it shows (`POST /images`).

    `image` is a local file, or the bytes of one (then `file_name` names the part). In a dataset the
    same file again is the same image, which then has what is said of it now.
    """
    source = image if isinstance(image, bytes) else Path(image)
    name = file_name if isinstance(source, bytes) else source.name
    parse = read_answer(answers.UploadedImage, "image_path")
    told = {"folder": folder, "dataset": dataset, "prompt": prompt}
    query: dict[str, str | Sequence[str]] = {k: v for k, v in told.items() if v is not None}
    if labels:
        query["label"] = [f"{label}:{value}" for label, value in labels.items()]
    again = dataset is not None
    return Operation(
        "POST", "/images", parse, again, query=query or None, upload=Upload(name, source)
    )


def delete_image(path: str) -> Operation[None]:
    """Remove an image with what lies beside it (`DELETE /images`)."""
    return Operation("DELETE", "/images", ignore_answer, True, query={"path": path})


def _download(endpoint: str, path: str, to: str | Path, continues: bool = False) -> Operation[Path]:
    return saved(endpoint, {"path": path}, inside(to, path), continues)


def download_image(
    path: str, *, to: str | Path, side: Literal[64, 128, 256, 512] | None = None
) -> Operation[Path]:
    """Fetch an image into a local file, or under its own name into a folder; gives the file.

    The file appears whole or not at all; what was there before is replaced. `side`: a small copy
    as WebP, its longer side at most so many pixels.
    """
    if side is None:
        return _download("/images", path, to)
    target = inside(to, f"{PurePosixPath(path).stem}.webp")
    return saved("/images", {"path": path, "side": str(side)}, target)


def download_export(path: str, *, to: str | Path) -> Operation[Path]:
    """Fetch an export into a local file or folder, as `download_image` does.

    A download that is cut goes on where it was, in this call and in the next one: what came is kept
    as a hidden file (`.<name>.<version>.part`) beside the target until then.
    """
    return _download("/exports", path, to, continues=True)
