"""Every REST endpoint, once: each function turns its arguments into an `Operation`.

An argument left out (or None) is not sent, so that the server's defaults hold. Paths are the
server's, as its answers give them. What the server refuses, it refuses with `InvalidParameters`:
no bound is repeated here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TypedDict, TypeVar, Unpack, cast
from urllib.parse import quote

from inferloop_synthdata import answers
from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.operation import (
    Operation,
    Reply,
    Upload,
    ignore_answer,
    read_answer,
)

T = TypeVar("T")


class GenerationOptions(TypedDict, total=False):
    """What generation takes beside its prompt; the server's defaults stand in for the rest."""

    negative_prompt: str | None
    model_id: str | None
    width: int | None
    """Pixels, as `height`."""
    height: int | None
    num_inference_steps: int | None
    guidance_scale: float | None
    seed: int | None
    dataset: str | None
    """Collect the image under `generated/<dataset>/`."""
    profile: str | None
    """Match the colours to this profile."""
    profile_strength: float | None
    """0..1."""
    lora: str | None


class ExportOptions(TypedDict, total=False):
    include_metadata: bool | None
    include_annotations: bool | None
    filter: answers.ExportFilter | None
    splits: Mapping[str, float] | None
    """Name to share, for example {"train": 0.9, "test": 0.1}."""


class S3ExportOptions(TypedDict, total=False):
    include_metadata: bool | None
    public_read: bool | None
    filter: answers.ExportFilter | None
    server_side_encryption: str | None
    storage_class: str | None


def given(**fields: object) -> dict[str, JsonValue]:
    """A request body of those fields that are not None."""
    return {name: cast(JsonValue, value) for name, value in fields.items() if value is not None}


def _listed(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else list(names)


def _segment(name: str) -> str:
    """`name` as one path segment; refused here where it could mean another route."""
    if name in {"", ".", ".."}:
        raise ValueError(f"not a name: {name!r}")
    return quote(name, safe="")


def _get(path: str, shape: type[T], *required: str, **query: str) -> Operation[T]:
    return Operation("GET", path, read_answer(shape, *required), True, query=query or None)


def _delete(path: str) -> Operation[None]:
    return Operation("DELETE", path, ignore_answer, True)


def generate_image(
    *, prompt: str, **options: Unpack[GenerationOptions]
) -> Operation[answers.GeneratedImage]:
    """Generate one image (`POST /generate`). Never run twice by a retry."""
    parse = read_answer(answers.GeneratedImage, "image_path")
    return Operation("POST", "/generate", parse, False, body=given(prompt=prompt, **options))


def generate_batch(
    *, prompts: Sequence[str], batch_size: int | None = None, **options: Unpack[GenerationOptions]
) -> Operation[answers.GeneratedBatch]:
    """Generate an image for each prompt (`POST /generate/batch`). Never run twice by a retry."""
    body = given(prompts=list(prompts), batch_size=batch_size, **options)
    parse = read_answer(answers.GeneratedBatch, "images")
    return Operation("POST", "/generate/batch", parse, False, body=body)


def validate_quality(
    image_path: str, *, metrics: Sequence[str] | None = None, prompt: str | None = None
) -> Operation[answers.QualityVerdict]:
    """Judge the quality of an image (`POST /validate/quality`); None is the default metrics.

    `prompt` is for metrics that judge agreement with it.
    """
    body = given(image_path=image_path, metrics=_listed(metrics), prompt=prompt)
    parse = read_answer(answers.QualityVerdict, "passed")
    return Operation("POST", "/validate/quality", parse, True, body=body)


def validate_privacy(
    image_path: str, *, check_faces: bool | None = None, check_text: bool | None = None
) -> Operation[answers.PrivacyVerdict]:
    """Look for faces, text and personal data in an image (`POST /validate/privacy`)."""
    body = given(image_path=image_path, check_faces=check_faces, check_text=check_text)
    parse = read_answer(answers.PrivacyVerdict, "passed")
    return Operation("POST", "/validate/privacy", parse, True, body=body)


def validate_dataset(
    dataset_dir: str,
    *,
    metrics: Sequence[str] | None = None,
    check_faces: bool | None = None,
    check_text: bool | None = None,
) -> Operation[answers.DatasetVerdict]:
    """Judge every image of a dataset for quality and privacy (`POST /validate/dataset`)."""
    body = given(
        dataset_dir=dataset_dir,
        metrics=_listed(metrics),
        check_faces=check_faces,
        check_text=check_text,
    )
    parse = read_answer(answers.DatasetVerdict, "image_count", "quality", "privacy")
    return Operation("POST", "/validate/dataset", parse, True, body=body)


def anonymize(image_path: str, *, method: str | None = None) -> Operation[answers.Anonymized]:
    """Write a copy without faces and personal data (`POST /anonymize`): its path and verdict.

    `method` is how they are covered, such as "blur" (the default), "pixelate" or "box".
    """
    body = given(image_path=image_path, method=method)
    parse = read_answer(answers.Anonymized, "image_path")
    return Operation("POST", "/anonymize", parse, False, body=body)


def list_profiles() -> Operation[answers.ProfileList]:
    """Every profile (`GET /profiles`)."""
    return _get("/profiles", answers.ProfileList, "profiles")


def get_profile(name: str) -> Operation[answers.Profile]:
    """One profile with its statistics (`GET /profiles/{profile_name}`)."""
    return _get(f"/profiles/{_segment(name)}", answers.Profile, "statistics")


def create_profile(
    name: str,
    *,
    source_dir: str | None = None,
    source_url: str | None = None,
    update: bool | None = None,
    keep_hashes: bool | None = None,
) -> Operation[answers.Profile]:
    """Make a profile of every image under a folder of the server, or under `source_url`
    (s3://bucket/prefix), which the server reads with its own credentials (`POST /profiles`).

    With `update` it extends a profile that exists: a repetition would count images twice. With
    `keep_hashes` it serves the search after near-duplicates.
    """
    body = given(
        name=name,
        source_dir=source_dir,
        source_url=source_url,
        update=update,
        keep_hashes=keep_hashes,
    )
    return Operation("POST", "/profiles", read_answer(answers.Profile, "name"), False, body=body)


def delete_profile(name: str) -> Operation[None]:
    """Remove a profile (`DELETE /profiles/{profile_name}`)."""
    return _delete(f"/profiles/{_segment(name)}")


def compare_profile(
    name: str, *, dataset: str | None = None, profile: str | None = None
) -> Operation[answers.ProfileComparison]:
    """How far a dataset (its folder on the server), or another profile, lies from a profile.

    Takes exactly one of the two.
    """
    query = _one_other(dataset, profile)
    path = f"/profiles/{_segment(name)}/compare"
    return _get(path, answers.ProfileComparison, "conformance", **query)


def plot_comparison(
    name: str, *, to: str | Path, dataset: str | None = None, profile: str | None = None
) -> Operation[Path]:
    """Draw what `compare_profile` says into a local SVG file
    (`GET /profiles/{profile_name}/compare/plot`); gives the file."""
    path = f"/profiles/{_segment(name)}/compare/plot"
    return _saved(path, _one_other(dataset, profile), Path(to))


def _one_other(dataset: str | None, profile: str | None) -> dict[str, str]:
    other = {"dataset": dataset, "profile": profile}
    query = {kind: value for kind, value in other.items() if value is not None}
    if len(query) != 1:
        raise ValueError("a comparison takes either dataset or profile")
    return query


def _export(kind: str, shape: type[T], body: dict[str, JsonValue]) -> Operation[T]:
    # Repeatable: an export replaces its target whole, so twice is like once.
    parse = read_answer(shape, "exported_count")
    return Operation("POST", f"/export/{kind}", parse, True, body=body)


def export_jsonl(
    *, dataset_dir: str, output_file: str, **options: Unpack[ExportOptions]
) -> Operation[answers.ExportReport]:
    """Write a dataset's records to one JSONL file under `exports/` (`POST /export/jsonl`)."""
    body = given(dataset_dir=dataset_dir, output_file=output_file, **options)
    return _export("jsonl", answers.ExportReport, body)


def export_parquet(
    *, dataset_dir: str, output_file: str, **options: Unpack[ExportOptions]
) -> Operation[answers.ExportReport]:
    """Write a dataset, images embedded, to Parquet (`POST /export/parquet`)."""
    body = given(dataset_dir=dataset_dir, output_file=output_file, **options)
    return _export("parquet", answers.ExportReport, body)


def export_webdataset(
    *, dataset_dir: str, output_dir: str, **options: Unpack[ExportOptions]
) -> Operation[answers.ShardedExportReport]:
    """Write a dataset as WebDataset tar shards into a folder (`POST /export/webdataset`)."""
    body = given(dataset_dir=dataset_dir, output_dir=output_dir, **options)
    return _export("webdataset", answers.ShardedExportReport, body)


def export_s3(
    *, dataset_dir: str, bucket_name: str, s3_prefix: str = "", **options: Unpack[S3ExportOptions]
) -> Operation[answers.S3ExportReport]:
    """Upload a dataset to a bucket (`POST /export/s3`). What is there already is skipped."""
    body = given(dataset_dir=dataset_dir, bucket_name=bucket_name, s3_prefix=s3_prefix, **options)
    parse = read_answer(answers.S3ExportReport, "status")
    return Operation("POST", "/export/s3", parse, True, body=body)


def list_datasets() -> Operation[answers.DatasetList]:
    """Every dataset with its counts (`GET /datasets`)."""
    return _get("/datasets", answers.DatasetList, "datasets")


def get_dataset(name: str) -> Operation[answers.Dataset]:
    """One dataset's counts, size and verdicts (`GET /datasets/{name}`)."""
    return _get(f"/datasets/{_segment(name)}", answers.Dataset, "name")


def delete_dataset(name: str) -> Operation[None]:
    """Remove a dataset and its images (`DELETE /datasets/{name}`)."""
    return _delete(f"/datasets/{_segment(name)}")


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


def _download(endpoint: str, path: str, to: str | Path) -> Operation[Path]:
    target = Path(to)
    if target.is_dir():
        target = target / PurePosixPath(path).name
    return _saved(endpoint, {"path": path}, target)


def _saved(endpoint: str, query: Mapping[str, str], target: Path) -> Operation[Path]:
    def parse(reply: Reply) -> Path:
        return target

    return Operation("GET", endpoint, parse, True, query=query, save_to=target)


def download_image(path: str, *, to: str | Path) -> Operation[Path]:
    """Fetch an image into a local file, or under its own name into a folder; gives the file.

    The file appears whole or not at all; what was there before is replaced.
    """
    return _download("/images", path, to)


def download_export(path: str, *, to: str | Path) -> Operation[Path]:
    """Fetch an export into a local file or folder, as `download_image` does."""
    return _download("/exports", path, to)
