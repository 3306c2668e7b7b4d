"""`inferloop dataset` and `datasets`: list, show and delete datasets."""

from __future__ import annotations

from argparse import Namespace

from inferloop_synthdata.cli.commands.datasets import declared, looking, reports, uploads
from inferloop_synthdata.cli.console import fields, size, table
from inferloop_synthdata.cli.grammar import AddCommand, add_group, add_yes
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem


def add_commands(add: AddCommand) -> None:
    """Add the commands of the group `dataset`, and `datasets`."""
    group = add_group(add, "dataset", "list, make, upload to, report on, delete datasets")
    group("list", list_all, "list the datasets")
    group("show", show, "show a dataset").add_argument("name")
    gone = group("delete", delete, "delete a dataset with its images")
    gone.add_argument("name")
    add_yes(gone)
    declared.add_commands(group)
    uploads.add_commands(group)
    reports.add_commands(group)
    looking.add_commands(group)
    short = add("datasets", datasets, "list datasets, show or delete one")
    short.add_argument("name", nargs="?")
    short.add_argument("--delete", action="store_true")
    add_yes(short)


def datasets(session: Session, arguments: Namespace) -> int:
    """List all datasets, or show one. With `--delete`, delete it."""
    if arguments.name is None and arguments.delete:
        raise UsageProblem("--delete needs the name of a dataset")
    if arguments.name is None:
        return list_all(session, arguments)
    return (delete if arguments.delete else show)(session, arguments)


def list_all(session: Session, arguments: Namespace) -> int:
    """List every dataset with its counts."""
    with session.client() as client:
        every = client.list_datasets()
    rows = [
        (entry["name"], entry["image_count"], size(entry["size_bytes"]))
        for entry in every["datasets"]
    ]
    session.console.answer(every, table(("NAME", "IMAGES", "SIZE"), rows))
    return 0


def show(session: Session, arguments: Namespace) -> int:
    """Show one dataset: counts, size, verdicts."""
    with session.client() as client:
        one = client.get_dataset(arguments.name)
    session.console.answer(one, fields(one))
    return 0


def delete(session: Session, arguments: Namespace) -> int:
    """Delete a dataset, after a question that says how many images it has."""
    with session.client() as client:
        if not arguments.yes:
            count = client.get_dataset(arguments.name)["image_count"]
            session.confirm(f"Delete the dataset {arguments.name} with its {count} images?")
        client.delete_dataset(arguments.name)
    session.console.answer({"deleted": arguments.name}, [f"deleted {arguments.name}"])
    return 0
