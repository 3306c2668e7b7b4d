"""One call over a handle, with Ray's errors translated and cancellation passed on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

from deployments.ray_errors import translate
from engines.errors import DeadlineExceeded, ReplicaLost


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """How a call is made over a handle."""

    attempts: int = 1
    """Calls in all, if the replica dies under each. More than one only where a call that ran
    twice leaves the same as one that ran once."""
    within_s: float | None = None
    """Seconds for all attempts together, `DeadlineExceeded` after them; None: no limit here."""


ONCE = CallPolicy()
TWICE = CallPolicy(attempts=2)


async def ask(begin: Callable[[], Any], policy: CallPolicy = ONCE) -> Any:
    """The answer of the call that `begin` starts, repeated as the policy allows."""
    try:
        async with asyncio.timeout(policy.within_s):
            for _ in range(policy.attempts - 1):
                try:
                    return await call(begin())
                except ReplicaLost:
                    continue
            return await call(begin())
    except TimeoutError:
        raise DeadlineExceeded(policy.within_s or 0.0) from None


async def call(response: Any) -> Any:
    """Await a `DeploymentResponse`. Cancelling the awaiting task cancels the remote call.

    A call whose replica died is a `ReplicaLost`; whether to repeat it is for the caller to say.
    """
    try:
        return await response
    except asyncio.CancelledError:
        response.cancel()
        raise
    except Exception as error:  # noqa: BLE001 - the seam: whatever it is, it leaves translated
        raise translate(error) from None


async def stream(response: Any) -> AsyncGenerator[Any, None]:
    """Events of a streaming response; closing the iterator cancels the remote generator."""
    finished = False
    try:
        async for event in response:
            yield event
        finished = True
    except Exception as error:  # noqa: BLE001 - the seam: whatever it is, it leaves translated
        finished = True
        raise translate(error) from None
    finally:
        if not finished:
            response.cancel()
