"""Answers of a service that reports its progress, defined by a test."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx

NDJSON = "application/x-ndjson"


def line(kind: str, **fields: Any) -> bytes:
    return json.dumps({"type": kind, **fields}).encode() + b"\n"


def advances(total: int, until: int | None = None) -> list[bytes]:
    """Progress lines from 0 to `total`, or only to `until`."""
    last = total if until is None else until
    return [line("progress", done=done, total=total) for done in range(last + 1)]


def failure(code: str, **details: Any) -> bytes:
    return line("error", error={"code": code, "message": "No.", "details": details})


class Chunks(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that arrives in these pieces. If a piece is an exception, it is raised."""

    def __init__(self, *pieces: bytes | BaseException) -> None:
        self.pieces = pieces
        self.given = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.given += 1
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


def in_lines(body: Chunks) -> httpx.Response:
    headers = {"Content-Type": f"{NDJSON}; charset=utf-8", "X-Request-ID": "req_1"}
    return httpx.Response(200, headers=headers, stream=body)


class Telling:
    """A service that answers each call with the next body, if the request accepts JSON lines."""

    def __init__(self, *bodies: Chunks) -> None:
        self.bodies = bodies
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = self.bodies[len(self.asked)]
        self.asked.append(request)
        assert NDJSON in request.headers["Accept"]
        return in_lines(body)
