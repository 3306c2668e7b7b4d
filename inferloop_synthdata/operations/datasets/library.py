"""Endpoints of what the server stores: datasets, images and exported files."""

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
    """The models for `model_id`, each with its defaults and LoRA adapters, and the bounds of
    request parameters (`GET /models`)."""
    return get("/models", answers.ModelList, "models", "limits")


def check_ready() -> Operation[answers.Health]:
    """Check that every part of the service is ready (`GET /readyz`). If some are not, it raises
    `Overloaded` after the retries; `details["not_ready"]` lists them."""
    return replace(get("/readyz", answers.Health, "status"), below_root=True)


def list_datasets() -> Operation[answers.DatasetList]:
    """All datasets with their counts (`GET /datasets`)."""
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
    """The report on a dataset (`POST /datasets/{name}/report`): counts, near-duplicates and images
    that failed a check. It is computed again only if something has changed.

    `reference_dir` is a folder of real images on the server; the report then has density, coverage
    and copies with respect to them. With the name of a `profile`, it compares the statistics; if
    the profile keeps features, it has density, coverage and copies too. `on_progress(done, total)`
    counts the images that are read.
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
    """Save the report of `dataset_report` to the local file `to` (`GET /datasets/{name}/report`).
    Returns the file's path. The report is JSON if the file's name ends with `.json`, otherwise one
    HTML page that needs no other files and can be printed. If `to` is a folder, the file is
    `<name>.html` in it."""
    target = inside(to, f"{name}.html")
    query = {"format": "json" if target.suffix.lower() == ".json" else "html"}
    if reference_dir is not None:
        query["reference_dir"] = reference_dir
    if profile is not None:
        query["profile"] = profile
    return saved(f"/datasets/{segment(name)}/report", query, target)


def delete_dataset(name: str) -> Operation[None]:
    """Delete a dataset and its images (`DELETE /datasets/{name}`)."""
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
    """Upload an image (`POST /images`): to `uploads/`, to `uploads/<folder>/`, or to a `dataset`
    with `labels` and a `prompt` that says what it shows.

    `image` is the path of a local file, or the bytes of one, whose name is `file_name`. If the
    dataset already has the same file, it is not stored twice: the image gets the new labels and
    prompt.
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
    """Delete an image with its recipe and verdicts (`DELETE /images`)."""
    return Operation("DELETE", "/images", ignore_answer, True, query={"path": path})


def _download(endpoint: str, path: str, to: str | Path, continues: bool = False) -> Operation[Path]:
    return saved(endpoint, {"path": path}, inside(to, path), continues)


def download_image(
    path: str, *, to: str | Path, side: Literal[64, 128, 256, 512] | None = None
) -> Operation[Path]:
    """Download an image to the local file `to`, or into the folder `to` under its own name. Returns
    the file's path.

    The file appears complete or not at all. An existing one is replaced. With `side`, it is a small
    copy as WebP whose longer side has at most that many pixels.
    """
    if side is None:
        return _download("/images", path, to)
    target = inside(to, f"{PurePosixPath(path).stem}.webp")
    return saved("/images", {"path": path, "side": str(side)}, target)


def download_export(path: str, *, to: str | Path) -> Operation[Path]:
    """Download an exported file, as `download_image` does for an image.

    If the connection is cut, the download continues where it stopped, in this call or in the next
    one. Until then, the first part is kept in a hidden file (`.<name>.<version>.part`) in the same
    folder.
    """
    return _download("/exports", path, to, continues=True)
