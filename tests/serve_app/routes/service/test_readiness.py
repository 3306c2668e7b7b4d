"""Many who ask whether the service is ready cost the deployments one question."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from engines.errors import Overloaded
from serve_app.readiness import SharedReadiness
from tests.serve_app.fakes import FakeClock


@dataclass
class Asked:
    """Counts; answers when it is let go."""

    missing: list[str] = field(default_factory=list)
    calls: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None

    async def not_ready(self) -> Sequence[str]:
        self.calls += 1
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return self.missing


async def test_all_who_ask_at_once_share_one_answer() -> None:
    asked = Asked(["quality"])
    shared = SharedReadiness(asked, FakeClock())
    askers = [asyncio.create_task(shared.not_ready()) for _ in range(50)]
    await asyncio.sleep(0)
    askers[0].cancel()  # one leaves; the others get theirs
    asked.go.set()
    answers = await asyncio.gather(*askers, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [("quality",)] * 49
    assert asked.calls == 1


async def test_an_answer_holds_for_a_second() -> None:
    asked, clock = Asked(["quality"]), FakeClock()
    asked.go.set()
    shared = SharedReadiness(asked, clock)
    assert await shared.not_ready() == ("quality",)
    asked.missing = []
    clock.advance(0.9)
    assert await shared.not_ready() == ("quality",)
    clock.advance(0.2)
    assert await shared.not_ready() == ()
    assert asked.calls == 2


async def test_a_failure_is_not_kept() -> None:
    asked = Asked(error=Overloaded("busy", 1.0))
    asked.go.set()
    shared = SharedReadiness(asked, FakeClock())
    with pytest.raises(Overloaded):
        await shared.not_ready()
    asked.error = None
    assert await shared.not_ready() == ()
