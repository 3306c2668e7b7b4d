"""Runs `inferloop` in the process of the test, with injected streams and services."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from inferloop_synthdata.cli.main import main
from inferloop_synthdata.cli.session import Surroundings
from tests.sdk.conftest import KEY, Waits


class Terminal(io.StringIO):
    """A stream whose `isatty` is True."""

    def isatty(self) -> bool:
        return True


class Output(io.TextIOWrapper):
    """Standard output for text, with a buffer for bytes."""

    def __init__(self, is_terminal: bool) -> None:
        self.bytes = io.BytesIO()
        self.is_terminal = is_terminal
        super().__init__(self.bytes, encoding="utf-8", newline="")

    def isatty(self) -> bool:
        return self.is_terminal


@dataclass
class CommandLine:
    """Runs commands. `out` and `err` are the output of the last one."""

    handler: Callable[[httpx.Request], httpx.Response]
    base_url: str = "http://service.test"
    environ: dict[str, str] = field(default_factory=lambda: {"INFERLOOP_API_KEY": KEY})
    stdin: str = ""
    terminal: bool = False
    """Whether standard error is a terminal."""
    person: bool = False
    """Whether standard input and output are a terminal too, as for a person."""
    color: bool = False
    waits: Waits = field(default_factory=Waits)
    clock: Callable[[], float] = lambda: 0.0
    out: str = ""
    written: bytes = b""
    """The bytes of standard output."""
    err: str = ""

    def run(self, *argv: str) -> int:
        out = Output(is_terminal=self.person)
        err = Terminal() if self.terminal else io.StringIO()
        plain = {} if self.color else {"NO_COLOR": "1"}
        surroundings = Surroundings(
            environ={"INFERLOOP_BASE_URL": self.base_url, **plain, **self.environ},
            stdin=Terminal(self.stdin) if self.person else io.StringIO(self.stdin),
            stdout=out,
            stderr=err,
            transport=httpx.MockTransport(self.handler),
            sleep=self.waits.sleep,
            suffix=lambda: "0123abcd",
            clock=self.clock,
        )
        code = main(argv, surroundings)
        out.flush()
        self.written = out.bytes.getvalue()
        self.out, self.err = self.written.decode("utf-8", "replace"), err.getvalue()
        return code


class Service:
    """Answers by path, and keeps the requests."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/")
        kind = request.headers.get("content-type", "")
        body = json.loads(request.content) if kind == "application/json" else None
        self.asked.append((request.method, path, body))
        answer = self.answers[path.replace("/", "_")]
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer)
        return httpx.Response(200, json=answer)


def refusing(status: int, code: str, message: str) -> Callable[[httpx.Request], httpx.Response]:
    envelope = {"error": {"code": code, "message": message, "details": {}}}
    return lambda request: httpx.Response(status, json=envelope)
