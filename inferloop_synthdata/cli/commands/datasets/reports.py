"""`inferloop dataset report`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from inferloop_synthdata.answers import DatasetReport
from inferloop_synthdata.cli.grammar import AddCommand
from inferloop_synthdata.cli.outputs import check_file
from inferloop_synthdata.cli.session import Session

_FIGURES = ("clipped_density", "clipped_coverage", "recall")


def add_commands(add: AddCommand) -> None:
    """Add `report` to the group `dataset`."""
    command = add(
        "report", report, "report counts, near-duplicates, and a comparison with real images"
    )
    command.add_argument("name")
    command.add_argument("--out", type=Path, metavar="FILE", help="report.html, or report.json")
    command.add_argument("--reference", metavar="DIR", help="a folder of real images on the server")
    command.add_argument(
        "--profile", metavar="NAME", help="compare statistics, and features if kept"
    )


def report(session: Session, arguments: Namespace) -> int:
    """Print the main figures of the report. With `--out`, save the whole report to a file."""
    check_file("--out", arguments.out)
    against = {"reference_dir": arguments.reference, "profile": arguments.profile}
    with session.client() as client:
        with session.console.bar("reading") as bar:
            found = client.dataset_report(arguments.name, **against, on_progress=bar.show)
        if arguments.out is not None:
            saved = client.save_report(arguments.name, to=arguments.out, **against)
            session.console.note(f"saved to {saved}")
    session.console.answer(found, lines(found))
    return 0


def lines(found: DatasetReport) -> list[str]:
    """The main figures of the report, as lines of text."""
    told = [f"{found['name']}: {found['images']:,} images, {found['failing_count']:,} failed"]
    told += [f"  {count:,} {reason}" for reason, count in found["reasons"].items()]
    alike = found["near_duplicates"]
    if alike is not None:
        told.append(f"near-duplicates: {alike['images']} images in {alike['cluster_count']} groups")
    if found["reference"] is not None:
        told += _against_real(found["reference"])
    if found["comparison"] is not None:
        told.append(
            f"profile {found['comparison']['profile']}: "
            f"conformance {found['comparison']['conformance']} of 100"
        )
        evidence = found["comparison"].get("evidence")
        if isinstance(evidence, Mapping):
            told += _against_real(evidence)
    return told + [f"not looked at: {words}" for words in found["not_looked_at"]]


def _against_real(found: Mapping[str, object]) -> list[str]:
    told = [f"against {found['images']} real images of {found['reference']}:"]
    for name in _FIGURES:
        value = found.get(name)
        if isinstance(value, float | int):
            told.append(f"  {name.replace('_', ' ')} {value:.3f}")
    shift = found.get("copying")
    if isinstance(shift, Mapping):
        told.append(f"  nearer than held-out real images: {shift['effect']:.3f} (0.5: no copying)")
    told.append(f"  taken from a real image: {found['taken_count']} of {found['searched']}")
    return told
