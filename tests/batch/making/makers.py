"""A maker with an engine in this process, and rows for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from batch.config import JobConfig
from batch.making.attempts import Check, RowMaker
from batch.output.outcomes import Judgment, Outcome, Reason
from batch.planning.rows import PlannedRow
from engines.testing.diffusion import FakeEngine
from engines.types import GeneratedImage, GenerationRequest

MakeConfig = Callable[..., JobConfig]
MADE_AT = datetime(2026, 1, 2, tzinfo=UTC)


def verdict(passed: bool) -> Judgment:
    reasons = () if passed else (Reason("low_quality", "too dull"),)
    return Judgment(passed, reasons, {"quality_score": float(passed)}, (), (0, 0), b"")


async def all_pass(content: bytes, row_id: str) -> Judgment:
    return verdict(True)


def as_is(request: GenerationRequest, image: GeneratedImage) -> GeneratedImage:
    return image


def a_maker(
    engine: FakeEngine,
    config: JobConfig,
    check: Check = all_pass,
    heard: Counter[str] | None = None,
) -> RowMaker:
    counts = Counter[str]() if heard is None else heard
    slots, room = asyncio.Semaphore(config.resources.in_flight), asyncio.Semaphore(64)

    def tell(what: str) -> None:
        counts[what] += 1

    return RowMaker(engine, check, as_is, config, {"numpy": "2"}, MADE_AT, slots, room, tell)


def rows(count: int, **parameters: int | str) -> list[PlannedRow]:
    return [PlannedRow(f"{n:024x}", n, {"prompt": f"bird {n}", **parameters}) for n in range(count)]


async def make(maker: RowMaker, planned: list[PlannedRow]) -> tuple[Outcome, ...]:
    return await maker.make_all(planned)
