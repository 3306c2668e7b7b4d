"""One call over a handle, with Ray's errors translated and cancellation passed on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from deployments.ray_errors import translate


async def call(response: Any) -> Any:
    """Await a `DeploymentResponse`. Cancelling the awaiting task cancels the remote call.

    A call whose replica died is a `ReplicaLost`; the callers' work is idempotent, so it is the
    ingress's policy, not this function's, to repeat it.
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
