"""Calls through a Ray Serve handle. Translates Ray's errors, and passes cancellation on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from deployments.ray_errors import translate
from engines.errors import Conflict, DeadlineExceeded, InferloopError, NotFound, ReplicaLost


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """The number of attempts and the time limit of a call through a Ray Serve handle."""

    attempts: int = 1
    """Most attempts. A call is repeated only if its replica died. Above 1 only for calls whose
    repetition changes nothing (idempotent calls)."""
    within_s: float | None = None
    """Seconds for all attempts together. None: no limit."""
    late: Callable[[], InferloopError] | None = None
    """Returns the error that is raised after `within_s`. None: `DeadlineExceeded`."""
    gone_is_done: bool = False
    """Whether `NotFound` from a repeated call counts as success, because the first attempt has
    removed the object."""


ONCE = CallPolicy()
TWICE = CallPolicy(attempts=2)
REMOVING = CallPolicy(attempts=2, gone_is_done=True)


async def ask(begin: Callable[[], Any], policy: CallPolicy = ONCE) -> Any:
    """The answer of the call that `begin` starts. The call is repeated as the policy allows.

    Raises an `InferloopError` for every failure.
    """
    try:
        async with asyncio.timeout(policy.within_s):
            return await _attempts(begin, policy)
    except TimeoutError:
        late = DeadlineExceeded(policy.within_s or 0.0) if policy.late is None else policy.late()
        raise late from None


async def _attempts(begin: Callable[[], Any], policy: CallPolicy) -> Any:
    for attempt in range(1, policy.attempts + 1):
        try:
            return await call(begin())
        except ReplicaLost:
            if attempt == policy.attempts:
                raise
        except NotFound:
            if attempt == 1 or not policy.gone_is_done:
                raise
            return None
    raise AssertionError("a policy allows at least one attempt")


async def call(response: Any) -> Any:
    """Await a `DeploymentResponse`. Canceling the awaiting task cancels the remote call.

    Raises `ReplicaLost` if the replica died; the caller decides whether to repeat the call.
    """
    try:
        return await response
    except asyncio.CancelledError:
        response.cancel()
        raise
    except Exception as error:  # noqa: BLE001 - every error is translated here
        raise translate(error) from None


async def stream(response: Any) -> AsyncGenerator[Any, None]:
    """Yields the events of a streaming response.

    Closing the iterator cancels the remote generator.
    """
    finished = False
    try:
        async for event in response:
            yield event
        finished = True
    except Exception as error:  # noqa: BLE001 - every error is translated here
        finished = True
        raise translate(error) from None
    finally:
        if not finished:
            response.cancel()


async def stream_again(begin: Callable[[], Any], policy: CallPolicy) -> AsyncGenerator[Any, None]:
    """Yields the events of the streaming response that `begin` starts.

    If its replica dies, it is started again as the policy allows, and its events begin again from
    the first.
    """
    for attempt in range(1, policy.attempts + 1):
        try:
            async with aclosing(stream(begin())) as events:
                async for event in events:
                    yield event
            return
        except ReplicaLost:
            if attempt == policy.attempts:
                raise
        except Conflict:
            if attempt == 1:
                raise
            # What the dead replica held becomes free only when its lease has expired.
            raise ReplicaLost("The replica died while it worked; try again in 20 s") from None
