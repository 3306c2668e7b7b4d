"""`inferloop dataset upload`: uploads local pictures with labels into a dataset."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from pathlib import Path

from inferloop_synthdata.cli.grammar import AddCommand, add_label, given_labels
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.sources.labeled import LabeledPicture, labeled_pictures


def add_commands(add: AddCommand) -> None:
    """Add `upload` to the group `dataset`."""
    up = add("upload", upload, "make local pictures part of a dataset, with labels")
    up.add_argument("name", help="name of the dataset on the server")
    up.add_argument(
        "folder", type=Path, metavar="FOLDER", help="a local folder with a folder for each class"
    )
    up.add_argument(
        "--class-label",
        default="label",
        metavar="NAME",
        help="the label whose values are the folders' names (label)",
    )
    up.add_argument(
        "--table",
        type=Path,
        metavar="FILE",
        help="CSV or JSONL: file_name, prompt, labels (metadata.csv in the folder)",
    )
    add_label(up)


def upload(session: Session, arguments: Namespace) -> int:
    """Upload the pictures, and count their labels. The exit code is 1 if one is refused."""
    console = session.console
    try:
        pictures = labeled_pictures(
            arguments.folder,
            label=arguments.class_label,
            labels=given_labels(arguments.labels),
            table=arguments.table,
            left_out=lambda name: console.note(f"left out, not a picture: {name}"),
        )
    except (ValueError, NotADirectoryError, FileNotFoundError) as problem:
        raise UsageProblem(str(problem)) from None
    if not pictures:
        raise UsageProblem(f"no picture in {arguments.folder}")
    with session.client() as client, console.bar("uploading") as bar:
        done = client.datasets.upload(arguments.name, pictures, on_progress=bar.show)
    for file, reason in done.refused.items():
        console.note(f"left out {file}: {reason}")
    taken = [picture for picture in pictures if picture.file not in done.refused]
    labels = _counts(taken)
    answer = {"dataset": arguments.name, "images": [*done.image_paths], "labels": labels}
    lines = [f"{len(done.image_paths)} of {len(pictures)} pictures are in {arguments.name}"]
    for name, values in labels.items():
        told = ", ".join(f"{value} {count}" for value, count in values.items())
        lines.append(f"{name}: {told}")
    console.answer(answer, lines)
    return 1 if done.refused else 0


def _counts(pictures: list[LabeledPicture]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for picture in pictures:
        for name, value in picture.labels.items():
            counts.setdefault(name, Counter())[value] += 1
    return {name: dict(sorted(values.items())) for name, values in sorted(counts.items())}
