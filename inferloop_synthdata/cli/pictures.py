"""Images as arguments: the path of an image on the service, or a local file that is uploaded."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TypeVar

from inferloop_synthdata.answers.answer import Answer
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.client import SyntheticImageClient
from inferloop_synthdata.errors import ClientError, ConnectionFailed, InvalidParameters, NotFound

_ENDS = tuple(
    signal.Signals[name] for name in ("SIGTERM", "SIGHUP") if name in signal.Signals.__members__
)
_SIGNALED = 128
"""Exit code of a program that a signal ended, without the signal's number."""
Handler = Callable[[int, FrameType | None], None]
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
    image (`image_path`) is removed from the service, also after an error, Ctrl-C or SIGTERM."""
    paths: list[str] = []
    with ended_by_exception():
        try:
            with answer_awaited(session):
                answer = store()
                paths.append(answer["image_path"])
            yield answer
        finally:
            discard_all(session, client, paths)


@contextmanager
def answer_awaited(session: Session) -> Generator[None, None, None]:
    """For a call that makes the service store an image: the first Ctrl-C (or SIGTERM within
    `ended_by_exception`) during the call takes effect only after it, because only the answer says
    which image must be removed. A second one takes effect at once. If the answer never comes, a
    note says what may stay."""
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, *_ENDS)}
    waiting: list[int] = []

    def wait(number: int, frame: FrameType | None) -> None:
        if waiting:
            _call(usual[signal.Signals(number)], number, frame)
            return
        waiting.append(number)
        session.console.note(
            "waiting for the server's answer, to remove the picture there; "
            "Ctrl-C again does not wait, and leaves it"
        )

    with _handled({number: wait for number, handler in usual.items() if callable(handler)}):
        try:
            yield
        except ConnectionFailed as error:
            if error.request_sent:
                session.console.note(
                    "the server may have stored the picture: no answer said where, "
                    "so it stays there"
                )
            raise
    for number in waiting:
        _call(usual[signal.Signals(number)], number, None)


@contextmanager
def ended_by_exception() -> Generator[None, None, None]:
    """In this block, SIGTERM and SIGHUP (`timeout`, a closed terminal) raise `SystemExit` with the
    shell's code, so that what was uploaded is removed. They would end the process at once."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(_SIGNALED + number)

    is_default = [each for each in _ENDS if signal.getsignal(each) is signal.SIG_DFL]
    with _handled(dict.fromkeys(is_default, end)):
        yield


@contextmanager
def _handled(handlers: Mapping[signal.Signals, Handler]) -> Generator[None, None, None]:
    """Handle signals in this block. Only the main thread can; in others this does nothing."""
    is_main = threading.current_thread() is threading.main_thread()
    usual = {
        number: signal.signal(number, handler) for number, handler in handlers.items() if is_main
    }
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


def _call(handler: object, number: int, frame: FrameType | None) -> None:
    if callable(handler):
        handler(number, frame)


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
