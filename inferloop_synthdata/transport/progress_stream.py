"""An answer that tells its progress, line by line (NDJSON), until its result. No sockets here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from inferloop_synthdata.errors import ConnectionFailed, JsonValue, UnexpectedAnswer
from inferloop_synthdata.operations.operation import Operation, Reply, parse_object
from inferloop_synthdata.transport.conversation import Outcome, api_error

T = TypeVar("T")

NDJSON = "application/x-ndjson"

MAX_LINE_BYTES = 64 * 2**20
"""A result names what failed in a whole dataset; past this it is no answer of the service."""


@dataclass(frozen=True, slots=True)
class Advance:
    """`done` of `total` is done."""

    done: int
    total: int


Event = Advance | Outcome
"""Of one answer: any number of `Advance`, then exactly one `Outcome`."""


class ProgressStream:
    """Reads one answer, in whatever pieces it arrives. Holds one line, never more.

    An outcome ends it: what comes after is not looked at. Nothing is raised: failures are
    outcomes too.
    """

    def __init__(
        self, status: int, headers: Mapping[str, str], max_line_bytes: int = MAX_LINE_BYTES
    ) -> None:
        self._status = status
        self._headers = headers
        self._max_line_bytes = max_line_bytes
        self._line = bytearray()
        self._ended = False

    def receive(self, chunk: bytes) -> list[Event]:
        """What the lines say that end in `chunk`, in order."""
        events: list[Event] = []
        first, *others = chunk.split(b"\n")
        events += self._continue_line(first)
        for other in others:
            events += self._end_line()
            events += self._continue_line(other)
        return events

    def end(self) -> list[Event]:
        """The connection is over. Without a result it was cut, be it in the middle of a line."""
        # The last line may lack its newline; half of an object is never an object.
        events = [] if parse_object(self._line) is None else self._end_line()
        return events + self._end_with(
            ConnectionFailed("The answer broke off before its result", request_sent=True)
        )

    def _continue_line(self, piece: bytes) -> list[Event]:
        if self._ended:
            return []
        self._line += piece
        if len(self._line) <= self._max_line_bytes:
            return []
        return self._end_with(UnexpectedAnswer("A line of the answer is too long"))

    def _end_line(self) -> list[Event]:
        line, self._line = self._line, bytearray()
        if not line.strip():
            return []
        event = self._event(parse_object(line))
        if event is None or isinstance(event, Advance):
            return [] if event is None else [event]
        return self._end_with(event)

    def _end_with(self, outcome: Outcome) -> list[Event]:
        if self._ended:
            return []
        self._ended, self._line = True, bytearray()
        return [outcome]

    def _event(self, fields: dict[str, JsonValue] | None) -> Event | None:
        """None for a type of line that this version does not know."""
        if fields is None:
            return UnexpectedAnswer("A line of the answer is not a JSON object")
        kind = fields.pop("type", None)
        if kind == "progress":
            return _advance(fields)
        if kind == "result":
            # As if it had come alone: the operation reads it as it reads the plain answer.
            return Reply(self._status, self._headers, json.dumps(fields).encode())
        if kind == "error":
            return self._error(fields.get("error"))
        if isinstance(kind, str):
            return None
        return UnexpectedAnswer("A line of the answer has no type")

    def _error(self, envelope: JsonValue) -> Outcome:
        if not isinstance(envelope, dict) or not envelope.get("code"):
            return UnexpectedAnswer("An error line of the answer is incomplete")
        return api_error(envelope, None, self._headers)


def _advance(fields: dict[str, JsonValue]) -> Event:
    done, total = fields.get("done"), fields.get("total")
    # Not isinstance: a boolean is no count.
    if type(done) is int and type(total) is int:
        return Advance(done, total)
    return UnexpectedAnswer("A progress line of the answer is incomplete")


def progress_stream(
    operation: Operation[T], status: int, headers: Mapping[str, str]
) -> ProgressStream | None:
    """The reader of an answer that comes in lines; None for one that comes whole: nobody asked
    for progress, the server is older than it, or refused before it began."""
    in_lines = headers.get("content-type", "").startswith(NDJSON)
    if operation.on_progress is None or status != 200 or not in_lines:
        return None
    return ProgressStream(status, headers)
