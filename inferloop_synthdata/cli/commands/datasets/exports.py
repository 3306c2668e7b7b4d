"""`inferloop export`: one command for each format."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import cast

from inferloop_synthdata.answers import ExportFilter
from inferloop_synthdata.cli import values as v
from inferloop_synthdata.cli.console import fields
from inferloop_synthdata.cli.grammar import AddCommand, add_group, add_label, given_values
from inferloop_synthdata.cli.outputs import Target, check_target, fetch, make_folder
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.client import SyntheticImageClient
from inferloop_synthdata.operations.datasets.exports import ExportOptions
from inferloop_synthdata.operations.operation import OnProgress

FORMATS = {
    "jsonl": "JSON Lines: one record per image",
    "parquet": "Parquet, with the images in it",
    "webdataset": "WebDataset: a folder of tar shards",
    "csv": "CSV: one line per image",
    "coco": "COCO: JSON with images and categories",
    "imagefolder": "a ZIP file with a folder for each class",
    "s3": "images and records to a bucket",
}
"""Formats of `inferloop export`, with a short description."""


def add_commands(add: AddCommand) -> None:
    """Add a command for each format, with its options."""
    group = add_group(add, "export", "export a dataset")
    for name, summary in FORMATS.items():
        command = group(name, export, summary)
        command.set_defaults(
            format=name,
            download=None,
            split=[],
            split_by=None,
            class_label=None,
            no_annotations=False,
        )
        command.add_argument("dataset_dir", metavar="DATASET_DIR", help="folder on the server")
        if name == "s3":
            _bucket_options(command)
        else:
            _file_options(command, name)
        command.add_argument(
            "--no-metadata", action="store_true", help="leave out recipes, labels and verdicts"
        )
        _filter_options(command)


def _bucket_options(command: ArgumentParser) -> None:
    command.add_argument("--bucket", metavar="NAME", required=True)
    command.add_argument("--prefix", default="", metavar="PREFIX")
    command.add_argument("--public-read", action="store_true")


def _file_options(command: ArgumentParser, name: str) -> None:
    command.add_argument(
        "--output", metavar="PATH", required=True, help="on the server, under exports/"
    )
    if name != "webdataset":
        command.add_argument(
            "--download", type=v.target, metavar="PATH", help="download to a file, a folder/, or -"
        )
    command.add_argument("--split", action="append", type=v.share, default=[], metavar="NAME=SHARE")
    command.add_argument(
        "--split-by",
        choices=("id", "cluster"),
        help="cluster: put near-duplicates into the same split",
    )
    command.add_argument(
        "--class-label", metavar="NAME", help="the label that becomes the class of the format"
    )
    command.add_argument(
        "--no-annotations", action="store_true", help="leave out annotations (COCO, YOLO, VOC)"
    )


def _filter_options(command: ArgumentParser) -> None:
    chosen = command.add_argument_group("only these images")
    chosen.add_argument("--quality-passed", action="store_true")
    chosen.add_argument("--privacy-passed", action="store_true")
    chosen.add_argument("--min-quality-score", type=float, metavar="0..1")
    chosen.add_argument("--since", metavar="ISO_TIME")
    add_label(chosen)
    chosen.add_argument("--accepted", action="store_true", help="accepted by a reviewer")
    chosen.add_argument("--not-rejected", action="store_true", help="not rejected by a reviewer")
    chosen.add_argument("--min-rating", type=int, metavar="1..5")


def export(session: Session, arguments: Namespace) -> int:
    """Export a dataset to a file or folder under `exports/`, or to a bucket."""
    target = arguments.download
    _check_download(session, target, has_splits=bool(arguments.split))
    console = session.console
    if target is not None and target.is_stdout:
        console = console.aside()
    with session.client() as client:
        with session.console.bar("exporting") as bar:
            report = _exported(client, arguments, bar.show)
        try:
            if target is not None:
                _download(session, client, report, target)
        finally:  # The export exists, even if downloading it failed.
            console.answer(report, fields(report))
    for line in left_out(report):
        session.console.note(line)
    # A script must not take an incomplete or empty dataset for a complete one.
    return 0 if report.get("status", "success") == "success" else 1


def left_out(report: Mapping[str, object]) -> list[str]:
    """Lines that say which images are not in the export, and why."""
    lines = []
    filtered = report.get("filtered")
    if isinstance(filtered, Mapping):
        counts = ", ".join(f"{count} by {name}" for name, count in filtered.items())
        lines.append(f"left out by the filter: {counts}")
    if skipped := report.get("skipped_count", 0) if "exported_count" in report else 0:
        lines.append(f"left out, not a readable image: {skipped}")
    if report.get("exported_count", report.get("uploaded_count")) == 0:
        lines.append("nothing was exported")
    return lines


def _download(
    session: Session, client: SyntheticImageClient, report: Mapping[str, object], target: Target
) -> None:
    """Download the export's file, or with splits its files into the folder `target`."""
    files = report.get("output_files")
    paths = files.values() if isinstance(files, Mapping) else [report["output_file"]]
    for path in map(str, paths):
        fetch(session, target, path, lambda file, path=path: client.download_export(path, to=file))  # type: ignore[misc]


def _check_download(session: Session, target: Target | None, has_splits: bool) -> None:
    if target is None or not has_splits:
        check_target(session, "--download", target)
    elif target.is_stdout or target.path.is_file():
        raise UsageProblem(f"--download needs a folder for the splits, not {target.text}")
    else:
        make_folder("--download", target.path)


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
        "splits": v.once("--split", arguments.split) or None,
        "split_by": arguments.split_by,
        "class_label": arguments.class_label,
    }


def _filter(arguments: Namespace) -> ExportFilter | None:
    chosen = {
        "quality_passed": arguments.quality_passed or None,
        "privacy_passed": arguments.privacy_passed or None,
        "min_quality_score": arguments.min_quality_score,
        "since": arguments.since,
        "labels": given_values(arguments.labels),
        "decision": _decision(arguments),
        "min_rating": arguments.min_rating,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    return cast(ExportFilter, given) if given else None


def _decision(arguments: Namespace) -> str | None:
    if arguments.accepted:
        return "accepted"
    return "not_rejected" if arguments.not_rejected else None
