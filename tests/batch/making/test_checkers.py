"""The pool of checkers: who is asked, and who is blamed when one dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from ray.exceptions import ActorDiedError, RayTaskError

from batch.making.attempts import CheckFailed
from batch.making.checkers import CheckerPool
from batch.output.outcomes import Judgment
from engines.errors import InvalidImage, InvalidParameters

GOOD = Judgment(True, (), {}, (), (0, 0), b"")
Judge = Callable[[str], Judgment]


class Handle:
    """What `checker.check.remote(...)` of an actor's handle does, in this process."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0
        self.check = self

    async def remote(self, content: bytes, row_id: str) -> Judgment:
        self.asked.append(row_id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        return self._judge(row_id)


def good(row_id: str) -> Judgment:
    return GOOD


def dies(row_id: str) -> Judgment:
    raise ActorDiedError


def a_pool(checkers: list[Handle], lone: Judge = good, deaths: int = 3) -> CheckerPool:
    return CheckerPool(checkers, deaths, Fresh(lone))


class Fresh:
    """Opens lone checkers and counts them."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.opened = self.closed = 0

    @contextmanager
    def __call__(self) -> Iterator[Handle]:
        self.opened += 1
        try:
            yield Handle(self._judge)
        finally:
            self.closed += 1


async def check_all(pool: CheckerPool, count: int) -> list[Judgment]:
    return await asyncio.gather(*(pool.check(b"", f"{n:02}") for n in range(count)))


async def test_images_are_shared_out_evenly_and_few_wait_at_one_checker() -> None:
    checkers = [Handle(good), Handle(good), Handle(good)]
    assert await check_all(a_pool(checkers), 60) == [GOOD] * 60
    assert [len(checker.asked) for checker in checkers] == [20, 20, 20]
    assert max(checker.most_at_once for checker in checkers) <= 4


async def test_an_image_whose_checker_died_is_judged_alone() -> None:
    fresh = Fresh(good)
    pool = CheckerPool([Handle(dies)], 3, fresh)
    assert await check_all(pool, 5) == [GOOD] * 5
    assert (fresh.opened, fresh.closed) == (5, 5)


async def test_only_the_image_that_kills_alone_is_given_up() -> None:
    def killed_by_03(row_id: str) -> Judgment:
        return dies(row_id) if row_id == "03" else GOOD

    fresh = Fresh(killed_by_03)
    pool = CheckerPool([Handle(dies)], 2, fresh)

    checks = (pool.check(b"", f"{n:02}") for n in range(5))
    ends = await asyncio.gather(*checks, return_exceptions=True)
    assert [end is GOOD for end in ends] == [True, True, True, False, True]
    assert isinstance(ends[3], CheckFailed)
    assert ends[3].message == "The image killed its checker 2 times"
    assert (fresh.opened, fresh.closed) == (6, 6)


async def test_a_judges_error_arrives_as_itself() -> None:
    def refuses(row_id: str) -> Judgment:
        cause = InvalidImage.of("image", None, "an image", "is none")
        raise RayTaskError("check", "remote traceback", cause).as_instanceof_cause()

    with pytest.raises(InvalidParameters, match="is none"):
        await check_all(a_pool([Handle(refuses)]), 1)


async def test_a_judges_surprise_is_told_without_its_traceback() -> None:
    def breaks(row_id: str) -> Judgment:
        raise RayTaskError("check", "remote traceback", KeyError("x")).as_instanceof_cause()

    with pytest.raises(CheckFailed) as raised:
        await check_all(a_pool([Handle(breaks)]), 1)
    assert raised.value.message == "The checker failed: KeyError"
