"""One call to the service as a value: what to send, how to read the answer, whether to repeat."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from inferloop_synthdata.answers.answer import shaped
from inferloop_synthdata.errors import JsonValue, UnexpectedAnswer

T = TypeVar("T")

OnProgress = Callable[[int, int], None]
"""Called with (done, total) as a long call goes on, some steps left out; from the beginning again
when the call is tried again. Called between reads: in async code it must not block. What it raises
ends the call (the server stops the work) and reaches the caller as it is."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. Header names are lower case; `content` is empty for a download, whose bytes
    went to the file."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Upload:
    """The multipart part of a call: `source` is a local file, or its bytes."""

    file_name: str
    source: Path | bytes

    def read(self) -> bytes:
        """The whole content. Blocks; `OSError` where the file cannot be read."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """A call, independent of how it is carried: the sync and the async client share these.

    Raises:
        ValueError: a header that HTTP cannot carry.
    """

    method: str
    path: str
    """Below `/api/v1` (or the root), percent-encoded, starting with a slash."""
    parse: Callable[[Reply], T]
    """Reads a successful answer; `UnexpectedAnswer` where it is not the contract's."""
    repeatable: bool
    """Whether running it twice does no harm (it makes nothing new, or makes it by replacing)."""
    query: Mapping[str, str | Sequence[str]] | None = None
    """A sequence: the parameter several times."""
    body: Mapping[str, JsonValue] | None = None
    upload: Upload | None = None
    save_to: Path | None = None
    """Where a download's bytes go, atomically."""
    continues: bool = False
    """Whether a cut download is kept beside its file, and taken up by the next call."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Besides those of every call."""
    on_progress: OnProgress | None = None
    """Asks for the progress on the way to the answer; only where the call is repeatable."""

    advice: Mapping[str, str] = field(default_factory=dict)
    """By parameter: what to do where the service refuses it; a note on the error."""
    below_root: bool = False
    """Whether `path` begins at the service's root instead of `/api/v1`."""

    def __post_init__(self) -> None:
        for name, value in self.headers.items():
            if not value.isascii() or not value.isprintable() or value != value.strip():
                raise ValueError(f"{name} must be printable ASCII text: {value!r}")

    def report(self, done: int, total: int) -> None:
        """Tell whoever asked for progress."""
        if self.on_progress is not None:
            self.on_progress(done, total)


def parse_object(text: str | bytes | bytearray) -> dict[str, JsonValue] | None:
    """A JSON object; None where `text` is anything else."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast(dict[str, JsonValue], document) if isinstance(document, dict) else None


def json_object(reply: Reply) -> dict[str, JsonValue]:
    """The answer's body as a JSON object, else `UnexpectedAnswer`."""
    document = parse_object(reply.content)
    if document is None:
        raise UnexpectedAnswer(
            f"The answer (status {reply.status}) is not a JSON object: is base_url right?"
        )
    return document


def read_answer(shape: type[T], *required: str) -> Callable[[Reply], T]:
    """A parser that gives the object as `shape`, an `Answer`, if the `required` keys are there."""

    def parse(reply: Reply) -> T:
        document = json_object(reply)
        missing = [key for key in required if key not in document]
        if missing:
            raise UnexpectedAnswer(f"The answer lacks {', '.join(missing)}")
        if "x-served-model" in reply.headers:
            document.setdefault("served_model", reply.headers["x-served-model"])
        answer = shaped(shape, document)
        answer.request_id = reply.headers.get("x-request-id")
        return cast(T, answer)

    return parse


@dataclass(frozen=True, slots=True)
class RawAnswer(Generic[T]):
    """An answer with what came around it."""

    status: int
    """Of HTTP: 200, or 202 for a job."""
    headers: Mapping[str, str]
    """Names in any case."""
    answer: T

    @property
    def request_id(self) -> str | None:
        """Finds the call in the service's log."""
        return self.headers.get("x-request-id")


def with_reply(operation: Operation[T]) -> Operation[RawAnswer[T]]:
    """The same call, whose answer brings its status and headers."""

    def parse(reply: Reply) -> RawAnswer[T]:
        return RawAnswer(reply.status, reply.headers, operation.parse(reply))

    return cast("Operation[RawAnswer[T]]", replace(operation, parse=cast(Any, parse)))


def ignore_answer(reply: Reply) -> None:
    """For calls whose answer has no content."""
