"""Images as arguments: the path of an image on the service, or a local file that is uploaded."""

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
    """Whether the path is a local file. Paths on the service are absolute, so a relative path is
    local.

    Raises:
        UsageProblem: the path is relative, and there is no such file.
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
    """Call `ask` with the image's path on the service, and return its result.

    A relative path is a local file and is uploaded first. An absolute path is used as it is; only
    if the service does not know it, and there is such a local file, it is uploaded. The upload is
    removed afterwards, unless `keep` is set.
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
    """Remove an image from the service. If that fails, print a note that it stays there."""
    try:
        client.delete_image(path)
    except ClientError as error:
        session.console.note(f"{path} stays on the server: {error}")
