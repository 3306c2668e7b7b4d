"""Reads the Server-Sent Events of a job from chunks of any size. It makes no network requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from inferloop_synthdata.errors import (
    ClientError,
    ConnectionFailed,
    JsonValue,
    UnexpectedAnswer,
)
from inferloop_synthdata.operations.operation import Reply, parse_object
from inferloop_synthdata.transport.conversation import failure_of
from inferloop_synthdata.transport.retry import RetryPolicy

MAX_EVENT_BYTES = 64 * 2**20
"""Largest event. The last event of a job contains the job's whole answer."""
_OK, _NOTHING_MORE = 200, 204
_MOST_DIGITS = 18
"""Most digits of an event's number. No job has so many events."""
_BETWEEN_EVENTS = re.compile(rb"\n\n|\r\n\r\n")
_LINE_END = re.compile(r"\r\n|\n|\r")
"""Line ends of the specification. `str.splitlines` would split at other characters too."""


@dataclass(frozen=True, slots=True)
class JobEvent:
    """An event of a job. `type` is "queued", "started", "progress" or "requeued"; the last event
    has the type "ended", and its data contain the job under "job"."""

    seq: int
    type: str
    data: Mapping[str, JsonValue] = field(default_factory=dict)


class EventStream:
    """Reads the events of one job over one or more connections, and knows where to continue."""

    def __init__(
        self, after_seq: int, policy: RetryPolicy, max_event_bytes: int = MAX_EVENT_BYTES
    ) -> None:
        self.last_seq = after_seq
        """Number of the last event that was received."""
        self.ended = False
        self._policy = policy
        self._retries = 0
        self._max_event_bytes = max_event_bytes
        self._rest = b""

    def begin(self, status: int) -> bool:
        """Start a new connection, whose answer has this status. Returns False if the answer has no
        events; then call `refuse`."""
        self._rest = b""
        self.ended = status == _NOTHING_MORE
        return status in (_OK, _NOTHING_MORE)

    def refuse(self, reply: Reply) -> None:
        """Raise the error that the server sent in place of events."""
        failure = failure_of(reply)
        raise failure or UnexpectedAnswer(f"The server sent no events (status {reply.status})")

    def receive(self, chunk: bytes) -> list[JobEvent]:
        """The events that are complete with `chunk`. Raises `UnexpectedAnswer` if one is not
        valid or too large."""
        *blocks, self._rest = _BETWEEN_EVENTS.split(self._rest + chunk)
        if len(self._rest) > self._max_event_bytes:
            raise UnexpectedAnswer("An event of the server is too large")
        events = [event for block in blocks if (event := _event(block)) is not None]
        for event in events:
            self.last_seq, self._retries = event.seq, 0
            self.ended = self.ended or event.type == "ended"
        return events

    def end(self) -> None:
        """The connection has ended. Raises `ConnectionFailed` if the job's last event is
        missing."""
        if not self.ended:
            raise ConnectionFailed("The connection ended before the job's last event", True)

    def wait_before_retry(self, failure: ClientError) -> float:
        """Seconds until the next connection. Raises `failure` if the policy allows no retry."""
        wait_s = self._policy.wait_before_retry(failure, True, self._retries)
        if wait_s is None:
            raise failure
        self._retries += 1
        return wait_s


def _event(block: bytes) -> JobEvent | None:
    """The event in a block of lines. None for a comment."""
    fields: dict[str, str] = {}
    for line in _LINE_END.split(block.decode("utf-8", "replace")):
        name, _, value = line.partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
    if not fields:
        return None
    data = parse_object(fields.get("data", ""))
    number = fields.get("id", "")
    if data is None or not number.isdecimal() or len(number) > _MOST_DIGITS:
        raise UnexpectedAnswer("An event of the server is incomplete")
    return JobEvent(int(number), fields.get("event", "message"), data)
