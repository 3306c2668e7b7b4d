"""A call to the service as an object: what to send, how to read the answer, when to repeat it."""

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
"""Called with (done, total) while a long call runs, though not for every step. After a retry, the
numbers start from the beginning. It runs between two reads of the answer, so it must not block in
async code. If it raises an exception, the call ends, the server stops the work, and the caller gets
the exception."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete HTTP answer. Header names are in lower case. `content` is empty for a download,
    because its bytes were written to the file."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send, as a multipart form. `source` is the path of a local file, or its bytes."""

    file_name: str
    source: Path | bytes

    def read(self) -> bytes:
        """The whole content. Blocks. Raises `OSError` if the file cannot be read."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """A call, independent of the client that sends it (blocking or async).

    Raises:
        ValueError: the value of a header is not printable ASCII text.
    """

    method: str
    path: str
    """Path below `/api/v1` (or below the root, see `below_root`), percent-encoded, with a slash at
    its start."""
    parse: Callable[[Reply], T]
    """Reads a successful answer. Raises `UnexpectedAnswer` if it is not as documented."""
    repeatable: bool
    """Whether it is safe to run the call twice: it creates nothing, or replaces what it created."""
    query: Mapping[str, str | Sequence[str]] | None = None
    """Query parameters. For a sequence, the parameter is sent several times."""
    body: Mapping[str, JsonValue] | None = None
    upload: Upload | None = None
    save_to: Path | None = None
    """Local file for a download. It appears complete or not at all."""
    continues: bool = False
    """Whether an incomplete download is kept next to the file, for the next call to continue."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers in addition to those of every call."""
    on_progress: OnProgress | None = None
    """If set, the service is asked for progress. Allowed only if the call is repeatable."""

    advice: Mapping[str, str] = field(default_factory=dict)
    """Parameter to a text that is added to the error (as a note) if the service refuses it."""
    below_root: bool = False
    """Whether `path` is below the service's root instead of below `/api/v1`."""

    def __post_init__(self) -> None:
        for name, value in self.headers.items():
            if not value.isascii() or not value.isprintable() or value != value.strip():
                raise ValueError(f"{name} must be printable ASCII text: {value!r}")

    def report(self, done: int, total: int) -> None:
        """Call `on_progress`, if it is set."""
        if self.on_progress is not None:
            self.on_progress(done, total)


def parse_object(text: str | bytes | bytearray) -> dict[str, JsonValue] | None:
    """The JSON object in `text`; None if it is anything else."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast(dict[str, JsonValue], document) if isinstance(document, dict) else None


def json_object(reply: Reply) -> dict[str, JsonValue]:
    """The answer's body, a JSON object. Raises `UnexpectedAnswer` if it is anything else."""
    document = parse_object(reply.content)
    if document is None:
        raise UnexpectedAnswer(
            f"The answer (status {reply.status}) is not a JSON object: is base_url right?"
        )
    return document


def read_answer(shape: type[T], *required: str) -> Callable[[Reply], T]:
    """A parser that returns the JSON object as `shape`, a subclass of `Answer`. It raises
    `UnexpectedAnswer` if one of the `required` keys is missing."""

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
    """A parsed answer with the HTTP status and headers it came with."""

    status: int
    """HTTP status: 200, or 202 for a job."""
    headers: Mapping[str, str]
    """HTTP headers, names in lower case."""
    answer: T

    @property
    def request_id(self) -> str | None:
        """Id of the call, with which it is found in the service's log."""
        return self.headers.get("x-request-id")


def with_reply(operation: Operation[T]) -> Operation[RawAnswer[T]]:
    """The same call, with an answer that includes the HTTP status and headers."""

    def parse(reply: Reply) -> RawAnswer[T]:
        return RawAnswer(reply.status, reply.headers, operation.parse(reply))

    return cast("Operation[RawAnswer[T]]", replace(operation, parse=cast(Any, parse)))


def ignore_answer(reply: Reply) -> None:
    """Parser for calls whose answer has no content."""
