"""`inferloop export` and `datasets`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import cast

from inferloop_synthdata.answers import ExportFilter
from inferloop_synthdata.cli.console import fields, size, table
from inferloop_synthdata.cli.outputs import check_file, make_folder
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.client import SyntheticImageClient
from inferloop_synthdata.operations.exports import ExportOptions
from inferloop_synthdata.operations.operation import OnProgress

FORMATS = ("jsonl", "parquet", "webdataset", "csv", "coco", "imagefolder", "s3")


def export(session: Session, arguments: Namespace) -> int:
    """A dataset to a file or folder under `exports/`, or to a bucket."""
    _check_target(arguments)
    with session.client() as client:
        with session.console.bar("exporting") as bar:
            report = _exported(client, arguments, bar.show)
        try:
            if arguments.download is not None:
                for saved in _download(client, report, arguments.download):
                    session.console.note(f"saved to {saved}")
        finally:  # the export is there, whatever became of its copy
            session.console.answer(report, fields(report))
    for line in left_out(report):
        session.console.note(line)
    # A script must not take a dataset with holes, or an empty one, for a whole one.
    return 0 if report.get("status", "success") == "success" else 1


def left_out(report: Mapping[str, object]) -> list[str]:
    """What a report says is not in the export, and why, a line each."""
    lines = []
    filtered = report.get("filtered")
    if isinstance(filtered, Mapping):
        counts = ", ".join(f"{count} by {name}" for name, count in filtered.items())
        lines.append(f"left out by the filter: {counts}")
    if skipped := report.get("skipped_count", 0) if "exported_count" in report else 0:
        lines.append(f"left out as no readable image: {skipped}")
    if report.get("exported_count", report.get("uploaded_count")) == 0:
        lines.append("nothing was exported")
    return lines


def _download(
    client: SyntheticImageClient, report: Mapping[str, object], target: Path
) -> Iterator[Path]:
    """The export's file; with splits its files, into the folder `target`."""
    files = report.get("output_files")
    if not isinstance(files, Mapping):
        yield client.download_export(str(report["output_file"]), to=target)
        return
    target.mkdir(parents=True, exist_ok=True)
    for path in files.values():
        yield client.download_export(str(path), to=target)


def _check_target(arguments: Namespace) -> None:
    needed = "bucket" if arguments.format == "s3" else "output"
    if getattr(arguments, needed) is None:
        raise UsageProblem(f"export {arguments.format} needs --{needed}")
    if arguments.download is not None and arguments.format in ("webdataset", "s3"):
        raise UsageProblem("--download takes single files, not webdataset or s3")
    if not arguments.split:
        check_file("--download", arguments.download)
    elif arguments.download is not None and arguments.download.is_file():
        raise UsageProblem(
            f"--download needs a folder for the splits, {arguments.download} is a file"
        )
    else:
        make_folder("--download", arguments.download)


def _exported(
    client: SyntheticImageClient, arguments: Namespace, on_progress: OnProgress
) -> Mapping[str, object]:
    if arguments.format == "s3":
        return client.export_s3(
            dataset_dir=arguments.dataset_dir,
            bucket_name=arguments.bucket,
            s3_prefix=arguments.prefix,
            include_metadata=False if arguments.no_metadata else None,
            public_read=True if arguments.public_read else None,
            filter=_filter(arguments),
            on_progress=on_progress,
        )
    source, target, options = arguments.dataset_dir, arguments.output, _export_options(arguments)
    if arguments.format == "webdataset":
        return client.export_webdataset(
            dataset_dir=source, output_dir=target, on_progress=on_progress, **options
        )
    run = {
        "jsonl": client.export_jsonl,
        "parquet": client.export_parquet,
        "csv": client.export_csv,
        "coco": client.export_coco,
        "imagefolder": client.export_imagefolder,
    }[arguments.format]
    return run(dataset_dir=source, output_file=target, on_progress=on_progress, **options)


def _export_options(arguments: Namespace) -> ExportOptions:
    return {
        "include_metadata": False if arguments.no_metadata else None,
        "include_annotations": False if arguments.no_annotations else None,
        "filter": _filter(arguments),
        "splits": dict(arguments.split) or None,
        "split_by": arguments.split_by,
        "class_label": arguments.class_label,
    }


def _filter(arguments: Namespace) -> ExportFilter | None:
    chosen = {
        "quality_passed": arguments.quality_passed or None,
        "privacy_passed": arguments.privacy_passed or None,
        "min_quality_score": arguments.min_quality_score,
        "since": arguments.since,
        "labels": _labels(arguments.labels or ()),
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    return cast(ExportFilter, given) if given else None


def _labels(given: Iterable[tuple[str, str]]) -> dict[str, list[str]] | None:
    """Label to the values that are taken; the same label given twice takes both values."""
    wanted: dict[str, list[str]] = {}
    for name, value in given:
        wanted.setdefault(name, []).append(value)
    return wanted or None


def datasets(session: Session, arguments: Namespace) -> int:
    """All datasets, or one; with `--delete` it goes."""
    with session.client() as client:
        if arguments.name is None:
            if arguments.delete:
                raise UsageProblem("--delete needs the name of a dataset")
            every = client.list_datasets()
            rows = [
                (entry["name"], entry["image_count"], size(entry["size_bytes"]))
                for entry in every["datasets"]
            ]
            session.console.answer(every, table(("NAME", "IMAGES", "SIZE"), rows))
        elif arguments.delete:
            client.delete_dataset(arguments.name)
            session.console.answer({"deleted": arguments.name}, [f"deleted {arguments.name}"])
        else:
            one = client.get_dataset(arguments.name)
            session.console.answer(one, fields(one))
    return 0
