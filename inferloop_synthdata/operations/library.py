"""Endpoints of what the server keeps: datasets, images, and the files of exports."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from inferloop_synthdata import answers
from inferloop_synthdata.operations.operation import Operation, Upload, ignore_answer, read_answer
from inferloop_synthdata.operations.parts import delete, get, saved, segment


def list_datasets() -> Operation[answers.DatasetList]:
    """Every dataset with its counts (`GET /datasets`)."""
    return get("/datasets", answers.DatasetList, "datasets")


def get_dataset(name: str) -> Operation[answers.Dataset]:
    """One dataset's counts, size and verdicts (`GET /datasets/{name}`)."""
    return get(f"/datasets/{segment(name)}", answers.Dataset, "name")


def delete_dataset(name: str) -> Operation[None]:
    """Remove a dataset and its images (`DELETE /datasets/{name}`)."""
    return delete(f"/datasets/{segment(name)}")


def upload_image(
    image: str | Path | bytes, *, folder: str | None = None, file_name: str = "image"
) -> Operation[answers.UploadedImage]:
    """Store a real image under `uploads/`, or `uploads/<folder>/` (`POST /images`).

    `image` is a local file, or the bytes of one (then `file_name` names the part).
    """
    source = image if isinstance(image, bytes) else Path(image)
    name = file_name if isinstance(source, bytes) else source.name
    parse = read_answer(answers.UploadedImage, "image_path")
    query = None if folder is None else {"folder": folder}
    return Operation("POST", "/images", parse, False, query=query, upload=Upload(name, source))


def delete_image(path: str) -> Operation[None]:
    """Remove an image with what lies beside it (`DELETE /images`)."""
    return Operation("DELETE", "/images", ignore_answer, True, query={"path": path})


def _download(endpoint: str, path: str, to: str | Path) -> Operation[Path]:
    target = Path(to)
    if target.is_dir():
        target = target / PurePosixPath(path).name
    return saved(endpoint, {"path": path}, target)


def download_image(path: str, *, to: str | Path) -> Operation[Path]:
    """Fetch an image into a local file, or under its own name into a folder; gives the file.

    The file appears whole or not at all; what was there before is replaced.
    """
    return _download("/images", path, to)


def download_export(path: str, *, to: str | Path) -> Operation[Path]:
    """Fetch an export into a local file or folder, as `download_image` does."""
    return _download("/exports", path, to)
