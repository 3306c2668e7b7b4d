"""`inferloop image`: commands for single images on the service."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path, PurePosixPath

from inferloop_synthdata.answers import Anonymized
from inferloop_synthdata.cli import values as v
from inferloop_synthdata.cli.commands.datasets import looking
from inferloop_synthdata.cli.console import fields
from inferloop_synthdata.cli.grammar import AddCommand, add_group, add_yes
from inferloop_synthdata.cli.outputs import check_target, fetch
from inferloop_synthdata.cli.pictures import stored_meanwhile, with_picture
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem


def add_commands(add: AddCommand) -> None:
    """Add the commands of the group `image`."""
    group = add_group(add, "image", "upload, download, review, anonymize, delete pictures")
    up = group("upload", upload, "upload pictures; prints their paths on the server")
    up.add_argument("files", nargs="+", type=Path, metavar="FILE")
    up.add_argument("--folder", metavar="NAME", help="store in uploads/NAME/")
    down = group("download", download, "download a picture from the server")
    down.add_argument("image_path", metavar="PATH", help="on the server")
    _add_out(down, required=True)
    down.add_argument(
        "--side",
        type=int,
        choices=(64, 128, 256, 512),
        help="a small copy as WebP; its longer side in pixels",
    )
    cover = group("anonymize", anonymize, "cover faces and text in a copy of a picture")
    cover.add_argument(
        "image_path",
        metavar="PATH",
        help="on the server, or a local picture, which is uploaded, covered and removed",
    )
    _add_out(cover, required=False)
    looking.add_review(group)
    gone = group("delete", delete, "delete a picture and its recipe and verdicts")
    gone.add_argument("image_path", metavar="PATH", help="on the server")
    add_yes(gone)


def _add_out(command: ArgumentParser, required: bool) -> None:
    command.add_argument(
        "--out", type=v.target, metavar="PATH", required=required, help="a file, a folder/, or -"
    )


def upload(session: Session, arguments: Namespace) -> int:
    """Upload the files in order. If one of them does not exist, nothing is sent."""
    for file in arguments.files:
        if not file.is_file():
            raise UsageProblem(f"not a file: {file}")
    stored = []
    with session.client() as client, session.console.bar("uploading") as bar:
        for file in arguments.files:
            stored.append(client.upload_image(file, folder=arguments.folder))
            bar.show(len(stored), len(arguments.files))
    session.console.answer({"images": stored}, [image["image_path"] for image in stored])
    return 0


def download(session: Session, arguments: Namespace) -> int:
    """Download one picture."""
    target, path = arguments.out, arguments.image_path
    check_target(session, "--out", target)
    with session.client() as client:
        fetch(
            session,
            target,
            path,
            lambda file: client.download_image(path, to=file, side=arguments.side),
        )
    return 0


def anonymize(session: Session, arguments: Namespace) -> int:
    """Make a copy with covered faces and text, print its privacy verdict, and download it with
    `--out`. Of a local picture nothing stays on the server; without `--out` only the copy does."""
    target, path = arguments.out, arguments.image_path
    check_target(session, "--out", target)
    console = session.console
    if target is not None and target.is_stdout:
        console = console.aside()
    with session.client() as client:

        def save(made: Anonymized) -> str:
            name = target.free_name(f"{PurePosixPath(path).stem}_anonymized.png")
            copy = made["image_path"]
            saved = fetch(session, target, name, lambda file: client.download_image(copy, to=file))
            return target.text if saved is None else str(saved)

        def covered(stored: str) -> Anonymized:
            is_here = stored != path  # A local picture, which is on the server only for this.
            if target is None or not is_here:
                made = client.anonymize(stored)
                if target is not None:
                    save(made)
                elif is_here:
                    session.console.note(
                        f"{made['image_path']} stays on the server: --out saves and removes it"
                    )
            else:
                with stored_meanwhile(session, client, lambda: client.anonymize(stored)) as made:
                    made["image_path"] = made["privacy"]["image_path"] = save(made)
            if is_here:
                made["source_path"] = path
            return made

        made = with_picture(session, client, path, covered)
    console.answer(made, fields(made))
    return 0


def delete(session: Session, arguments: Namespace) -> int:
    """Delete one picture, after a question."""
    path = arguments.image_path
    if not arguments.yes:
        session.confirm(f"Delete {path}?")
    with session.client() as client:
        client.delete_image(path)
    session.console.answer({"deleted": path}, [f"deleted {path}"])
    return 0
