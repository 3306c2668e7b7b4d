"""`inferloop validate`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from inferloop_synthdata.answers import PrivacyVerdict, QualityVerdict
from inferloop_synthdata.cli import values as v
from inferloop_synthdata.cli.console import fields
from inferloop_synthdata.cli.grammar import AddCommand
from inferloop_synthdata.cli.pictures import is_local, with_picture
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.client import SyntheticImageClient

if TYPE_CHECKING:
    from inferloop_synthdata.answers import DatasetVerdict, ValidatorSummary


def add_commands(add: AddCommand) -> None:
    """Add the command with its options."""
    command = add("validate", validate, "check the quality and privacy of an image or a dataset")
    command.add_argument(
        "image_path",
        metavar="PATH",
        help="on the server, or a local picture, which is uploaded, checked and removed",
    )
    command.add_argument(
        "--dataset", action="store_true", help="PATH is a dataset's folder on the server"
    )
    command.add_argument("--quality", action="store_true", help="only quality")
    command.add_argument("--privacy", action="store_true", help="only privacy")
    command.add_argument("--metrics", type=v.names, metavar="A,B", help="quality metrics to report")
    command.add_argument(
        "--fail", action="store_true", help="exit with 1 if an image did not pass (for CI)"
    )


def validate(session: Session, arguments: Namespace) -> int:
    """Check an image or a whole dataset, and print the verdicts."""
    # Without --quality and --privacy, both are checked.
    both = arguments.quality == arguments.privacy
    path = arguments.image_path
    with session.client() as client:
        if arguments.dataset:
            with session.console.bar("validating") as bar:
                verdict = client.validate_dataset(
                    path, metrics=arguments.metrics, on_progress=bar.show
                )
            checks = [name for name in ("quality", "privacy") if both or getattr(arguments, name)]
            session.console.answer(verdict, dataset_table(verdict, checks))
            return int(arguments.fail and not dataset_passed(verdict, checks))
        verdicts = with_picture(
            session, client, path, lambda stored: _judged(client, stored, arguments, both)
        )
    if is_local(path):  # The upload was removed again.
        for each in verdicts.values():
            each["image_path"] = path
    session.console.answer(verdicts, fields(verdicts))
    return int(arguments.fail and not all(verdict["passed"] for verdict in verdicts.values()))


def _judged(
    client: SyntheticImageClient, path: str, arguments: Namespace, both: bool
) -> dict[str, QualityVerdict | PrivacyVerdict]:
    verdicts: dict[str, QualityVerdict | PrivacyVerdict] = {}
    if both or arguments.quality:
        verdicts["quality"] = client.validate_quality(path, metrics=arguments.metrics)
    if both or arguments.privacy:
        verdicts["privacy"] = client.validate_privacy(path)
    return verdicts


def dataset_table(verdict: DatasetVerdict, checks: Sequence[str]) -> Iterator[str]:
    """Lines with the counts of each check in `checks` ("quality", "privacy"), the reasons of
    failures, and the failed images."""
    yield f"{verdict['dataset_dir']}  {verdict['image_count']} images"
    yield _row("check", "passed", "failed", "errors", "mean score")
    for check in checks:
        found = summary(verdict, check)
        mean = found["mean_score"]
        counts = found["passed"], found["failed"], found["errors"]
        yield _row(check, *map(str, counts), "-" if mean is None else f"{mean:g}")
    for check in checks:
        for reason, count in summary(verdict, check).get("reasons", {}).items():
            yield f"{check} failed for {reason}: {count}"
    for failure in verdict["failures"]:
        yield f"{failure['image_path']}  {failure['reason']}"
    if verdict.get("skipped_count"):
        yield f"skipped, no images: {verdict['skipped_count']}"


def dataset_passed(verdict: DatasetVerdict, checks: Sequence[str]) -> bool:
    """Whether every image was checked and passed every check in `checks`."""
    found = [summary(verdict, check) for check in checks]
    return not any(each["failed"] or each["errors"] for each in found)


def summary(verdict: DatasetVerdict, check: str) -> ValidatorSummary:
    """The counts of one check."""
    return verdict["quality"] if check == "quality" else verdict["privacy"]


def _row(name: str, *cells: str) -> str:
    return f"{name:<8}" + "".join(f"{cell:>11}" for cell in cells)
