"""`inferloop dataset create` and `preview`: datasets from a declaration."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from inferloop_synthdata.answers import DatasetCreated
from inferloop_synthdata.cli.console import table
from inferloop_synthdata.cli.grammar import AddCommand, add_as_job
from inferloop_synthdata.cli.outputs import make_folder
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.client import SyntheticImageClient
from inferloop_synthdata.errors import ClientError, JsonValue
from inferloop_synthdata.operations.declared import create_dataset
from inferloop_synthdata.unique_keys import DuplicateKey, read_json, read_yaml


def add_commands(add: AddCommand) -> None:
    """Add `create` and `preview` to the group `dataset`."""
    make = add("create", create, "make a dataset from its declaration, continue it, or enlarge it")
    look = add("preview", preview, "show the plan of a declaration, and make the first images")
    for command in (make, look):
        command.add_argument("spec", type=Path, metavar="FILE", help="YAML or JSON")
    add_as_job(make)
    for option in ("--images", "--rows"):
        look.add_argument(option, type=int, metavar="N", help=f"number of {option[2:]}")
    look.add_argument("--out", type=Path, metavar="FOLDER", help="download the images here")


def create(session: Session, arguments: Namespace) -> int:
    """Make the dataset. The exit code is 1 if images are missing."""
    spec = read_declaration(arguments.spec)
    with session.client() as client:
        if arguments.as_job:
            job = client.jobs.submit(create_dataset(spec))
            session.console.answer({"jobs": [job]}, [job["id"]])
            return 0
        made = _made(session, client, spec)
    session.console.answer(made, [f"{made['made']} of {made['requested']} images: {made['path']}"])
    for shortage in made["short"]:
        session.console.note(shortage["message"])
    return 0 if made["status"] == "complete" else 1


def _made(
    session: Session, client: SyntheticImageClient, spec: Mapping[str, JsonValue]
) -> DatasetCreated:
    """Make the dataset, with a progress bar. If that stops early, print what is kept and how to
    continue."""
    stands = (0, 0)

    def show(done: int, total: int) -> None:
        nonlocal stands
        stands = (done, total)
        bar.show(done, total)

    try:
        with session.console.bar("making") as bar:
            return client.datasets.create(spec, on_progress=show)
    except (ClientError, KeyboardInterrupt):
        if stands[0]:
            kept = f"{stands[0]} of {stands[1]} images are done and kept"
            session.console.note(f"{kept}; the same command makes the rest")
        raise


def preview(session: Session, arguments: Namespace) -> int:
    """Print a table of the planned images, and make the first images."""
    spec, folder = read_declaration(arguments.spec), arguments.out
    make_folder("--out", folder)
    with session.client() as client:
        found = client.datasets.preview(spec, images=arguments.images, rows=arguments.rows)
        if folder is not None:
            for image in found["images"]:
                client.download_image(image["image_path"], to=folder)
    rows = [(row["id"], row["seed"], row["prompt"]) for row in found["rows"]]
    session.console.answer(found, table(("ID", "SEED", "PROMPT"), rows))
    session.console.note(f"{found['total']} images in all")
    for image in found["images"]:
        missed = f", missed {', '.join(image['missed'])}" if image["missed"] else ""
        session.console.note(f"{image['id']}: {image['image_path']}{missed}")
    return 0


def read_declaration(path: Path) -> Mapping[str, JsonValue]:
    """The content of a JSON file, or of a YAML file if PyYAML is installed. Raises `UsageProblem`
    if it is not an object."""
    text = path.read_text(encoding="utf-8-sig")
    try:
        found = read_json(text)
    except DuplicateKey as error:
        raise UsageProblem(f"{path}: {error}") from None
    except (ValueError, RecursionError):
        found = _yaml(path, text)
    if not isinstance(found, dict):
        raise UsageProblem(f"{path} has no declaration: it must be an object")
    try:
        json.dumps(found, allow_nan=False)
    except TypeError as error:
        raise UsageProblem(
            f"{path}: {error}; put a text that looks like a date in quotes"
        ) from None
    except (ValueError, RecursionError) as error:
        raise UsageProblem(f"{path}: {error}") from None
    return cast("Mapping[str, JsonValue]", found)


def _yaml(path: Path, text: str) -> object:
    try:
        return read_yaml(text)
    except ImportError:
        raise UsageProblem(f"{path} is not JSON; for YAML: pip install pyyaml") from None
    except DuplicateKey as error:
        raise UsageProblem(f"{path}: {error}") from None
    except (ValueError, RecursionError):
        raise UsageProblem(f"{path} is neither JSON nor YAML") from None
