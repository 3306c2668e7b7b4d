"""Pictures that a command takes: one that the service has, or a local file, which is uploaded."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.client import SyntheticImageClient
from inferloop_synthdata.errors import ClientError, InvalidParameters, NotFound

T = TypeVar("T")


def is_local(path: str) -> bool:
    """The service's own paths are absolute; one that is not can only be meant for this machine.

    Raises:
        UsageProblem: it is meant for this machine, where no such file is.
    """
    if path.startswith("/") or "://" in path:
        return False
    if not Path(path).is_file():
        raise UsageProblem(f"there is no file {path} here; a path of the service begins with /")
    return True


def with_picture(
    session: Session,
    client: SyntheticImageClient,
    path: str,
    ask: Callable[[str], T],
    keep: bool = False,
) -> T:
    """What `ask` says of the picture: asked with its path on the service.

    An absolute path is asked for as it is, and uploaded only where the service does not know it and
    this machine does. An upload is removed again, unless `keep`.
    """
    if not is_local(path):
        try:
            return ask(path)
        except (InvalidParameters, NotFound) as error:
            wrong_path = isinstance(error, NotFound) or error.details.get("parameter") in {
                "image_path",
                "path",
            }
            if not (wrong_path and Path(path).is_file()):
                raise
    with _uploaded(session, client, Path(path), keep) as uploaded:
        return ask(uploaded)


@contextmanager
def _uploaded(
    session: Session, client: SyntheticImageClient, file: Path, keep: bool
) -> Generator[str, None, None]:
    uploaded = client.upload_image(file)["image_path"]
    try:
        yield uploaded
    finally:
        if not keep:
            discard(session, client, uploaded)


def discard(session: Session, client: SyntheticImageClient, path: str) -> None:
    """Remove a picture from the service; where that fails, say that it stays there."""
    try:
        client.delete_image(path)
    except ClientError as error:
        session.console.note(f"{path} stays on the server: {error}")
