"""Reads an answer of NDJSON lines: progress, and then the result. It makes no network requests."""

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
"""Longest line. A result may list all failures of a large dataset."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Progress: `done` of `total` items are finished."""

    done: int
    total: int


Event = Advance | Outcome
"""An answer has any number of `Advance`, and then exactly one `Outcome`."""


class ProgressStream:
    """Reads one answer from chunks of any size. Keeps at most one line in memory.

    Everything after an outcome is ignored. It raises no errors, because errors are outcomes too.
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
        """The events of the lines that are complete with `chunk`, in their order."""
        events: list[Event] = []
        first, *others = chunk.split(b"\n")
        events += self._continue_line(first)
        for other in others:
            events += self._end_line()
            events += self._continue_line(other)
        return events

    def end(self) -> list[Event]:
        """The connection has ended. Without a result, the outcome is `ConnectionFailed`."""
        # The last line may have no line end. An incomplete JSON object cannot be parsed.
        events = [] if parse_object(self._line) is None else self._end_line()
        return events + self._end_with(
            ConnectionFailed("The answer ended before its result", request_sent=True)
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
        """The event in a line. None for a type that this version does not know."""
        if fields is None:
            return UnexpectedAnswer("A line of the answer is not a JSON object")
        kind = fields.pop("type", None)
        if kind == "progress":
            return _advance(fields)
        if kind == "result":
            # The operation reads it like an answer without progress.
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
    # Not `isinstance`, because a boolean is an instance of int.
    if type(done) is int and type(total) is int:
        return Advance(done, total)
    return UnexpectedAnswer("A progress line of the answer is incomplete")


def progress_stream(
    operation: Operation[T], status: int, headers: Mapping[str, str]
) -> ProgressStream | None:
    """A reader if the answer consists of lines. None if it does not: progress was not requested,
    the server is too old, or the request was refused at once."""
    in_lines = headers.get("content-type", "").startswith(NDJSON)
    if operation.on_progress is None or status != 200 or not in_lines:
        return None
    return ProgressStream(status, headers)
