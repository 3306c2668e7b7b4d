"""Images as arguments: the path of an image on the service, or a local file that is uploaded."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TypeVar

from inferloop_synthdata.answers.answer import Answer
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.client import SyntheticImageClient
from inferloop_synthdata.errors import ClientError, ConnectionFailed, InvalidParameters, NotFound

T = TypeVar("T")
Stored = TypeVar("Stored", bound=Answer)
"""An answer with the field `image_path`."""


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
    session: Session, client: SyntheticImageClient, path: str, ask: Callable[[str], T]
) -> T:
    """Call `ask` with the image's path on the service, and return its result.

    A relative path is a local file and is uploaded first. An absolute path is used as it is; only
    if the service does not know it, and there is such a local file, it is uploaded. The upload is
    removed afterwards, also after an error or an interrupt.
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
    with stored_meanwhile(session, client, lambda: client.upload_image(Path(path))) as uploaded:
        return ask(uploaded["image_path"])


@contextmanager
def stored_meanwhile(
    session: Session, client: SyntheticImageClient, store: Callable[[], Stored]
) -> Generator[Stored, None, None]:
    """Call `store`, which makes the service store one image, and yield its answer. At the end the
    image (`image_path`) is removed from the service, also after an error or an interrupt."""
    paths: list[str] = []
    try:
        with answer_awaited(session):
            answer = store()
            paths.append(answer["image_path"])
        yield answer
    finally:
        discard_all(session, client, paths)


@contextmanager
def answer_awaited(session: Session) -> Generator[None, None, None]:
    """For a call that makes the service store an image: the first Ctrl-C during the call raises
    `KeyboardInterrupt` only after it, because only the answer says which image must be removed. A
    second Ctrl-C raises it at once. If the answer never comes, a note says what may stay.

    In another thread than the main one, which gets no Ctrl-C, interrupts are not changed.
    """
    usual = signal.getsignal(signal.SIGINT)
    is_interrupted = False

    def wait(number: int, frame: FrameType | None) -> None:
        nonlocal is_interrupted
        if is_interrupted:
            raise KeyboardInterrupt
        is_interrupted = True
        session.console.note(
            "waiting for the server's answer, to remove the picture there; "
            "Ctrl-C again does not wait, and leaves it"
        )

    may_wait = callable(usual) and threading.current_thread() is threading.main_thread()
    if may_wait:
        signal.signal(signal.SIGINT, wait)
    try:
        yield
    except ConnectionFailed as error:
        if error.request_sent:
            session.console.note(
                "the server may have stored the picture: no answer said where, so it stays there"
            )
        raise
    finally:
        if may_wait:
            signal.signal(signal.SIGINT, usual)
    if is_interrupted:
        raise KeyboardInterrupt


def discard(session: Session, client: SyntheticImageClient, path: str) -> bool:
    """Remove an image from the service, and return whether it is gone. If that fails, print a note
    that it stays there."""
    try:
        client.delete_image(path)
    except NotFound:  # A retry after a lost answer, for example.
        return True
    except ClientError as error:
        session.console.note(f"{path} stays on the server: {error}")
        return False
    return True


def discard_all(session: Session, client: SyntheticImageClient, paths: Sequence[str]) -> None:
    """Remove images from the service. The first that cannot be removed ends this, and a note says
    how many stay."""
    for index, path in enumerate(paths):
        if not discard(session, client, path):
            if len(paths) > index + 1:
                session.console.note(f"{len(paths) - index - 1} more stay there")
            return
