"""Objects that a command uses: the client, the console, and its surroundings."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TextIO

import httpx

from inferloop_synthdata.cli.console import Console
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.client import SyntheticImageClient


def _random_suffix() -> str:
    return uuid.uuid4().hex[:8]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything outside the program that the command line uses. Tests pass their own."""

    environ: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    suffix: Callable[[], str] = _random_suffix
    """Returns a new text at every call, which makes the name of an upload folder unique."""
    now: Callable[[], datetime] = _utc_now
    clock: Callable[[], float] = time.monotonic
    """Monotonic seconds, for rates."""


@dataclass(frozen=True, slots=True)
class Connect:
    """How to reach the service, from the arguments and the environment."""

    api_key: str | None
    base_url: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the command line."""

    surroundings: Surroundings
    console: Console
    connect: Connect

    def confirm(self, question: str) -> None:
        """Ask the user. Raises `UsageProblem` if the answer is not yes, or if standard input is not
        a terminal (then `--yes` is needed)."""
        stdin = self.surroundings.stdin
        if not stdin.isatty():
            raise UsageProblem(f"{question} Standard input is not a terminal: add --yes")
        if not self.console.ask(question, stdin):
            raise UsageProblem("nothing was changed")

    def client(self) -> SyntheticImageClient:
        """A client for use in a `with` block. Raises `UsageProblem` if there is no key or the URL
        is not valid."""
        if not self.connect.api_key:
            raise UsageProblem("no API key: give --api-key, or set INFERLOOP_API_KEY")
        try:
            return SyntheticImageClient(
                api_key=self.connect.api_key,
                base_url=self.connect.base_url,
                timeout_s=self.connect.timeout_s,
                transport=self.surroundings.transport,
                sleep=self.surroundings.sleep,
            )
        except ValueError as error:
            raise UsageProblem(str(error)) from None
