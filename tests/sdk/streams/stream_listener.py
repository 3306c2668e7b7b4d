"""Reads the events of a stream of either client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import inferloop_synthdata as sdk
from tests.sdk.conftest import KEY, Waits

Event = sdk.GenerationEvent


@dataclass
class Listener:
    """Reads events of a stream of either client. `until`: when to leave the stream early."""

    kind: str
    base_url: str
    waits: Waits = field(default_factory=Waits)
    timeout_s: float = 5.0
    events: list[Event] = field(default_factory=list)

    def listen(self, until: Callable[[Event], bool] = lambda event: False, **asked: Any) -> None:
        asked.setdefault("prompt", "a fox")
        if self.kind == "sync":
            self._listen(until, asked)
        else:
            asyncio.run(self._listen_async(until, asked))

    def _listen(self, until: Callable[[Event], bool], asked: dict[str, Any]) -> None:
        with sdk.SyntheticImageClient(
            KEY, self.base_url, self.timeout_s, sleep=self.waits.sleep, random=lambda: 0.5
        ) as client:
            events = client.generate_stream(**asked)
            for event in events:
                self.events.append(event)
                if until(event):
                    events.close()

    async def _listen_async(self, until: Callable[[Event], bool], asked: dict[str, Any]) -> None:
        async with sdk.AsyncSyntheticImageClient(
            KEY, self.base_url, self.timeout_s, sleep=self.waits.sleep_async, random=lambda: 0.5
        ) as client:
            events = client.generate_stream(**asked)
            async for event in events:
                self.events.append(event)
                if until(event):
                    await events.aclose()


def error(code: str, **details: Any) -> dict[str, Any]:
    return {
        "type": "error",
        "job_id": None,
        "error": {"code": code, "message": "No.", "details": details},
    }
