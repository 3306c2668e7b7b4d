"""The numbered events of one job.

They are appended once, and any number of readers can follow them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from engines.errors import InferloopError
from engines.types import StepProgress, StoredImage

Ending = StoredImage | InferloopError


@dataclass(frozen=True, slots=True)
class JobEvent:
    """An event of a job.

    `seq` counts from 1 without gaps in the log; a slow reader may skip progress events.
    """

    seq: int
    event: StepProgress | Ending


class JobLog:
    """Progress events with increasing steps up to `total_steps`, then one final event.

    Used on one event loop. It has at most `total_steps` + 1 events.
    """

    def __init__(self, total_steps: int, coalesce_after: int) -> None:
        self._total_steps = total_steps
        self._coalesce_after = coalesce_after
        self._events: list[JobEvent] = []
        self._last_step = 0
        self._ending: Ending | None = None
        self._changed = asyncio.Event()

    async def ended(self) -> Ending:
        """Wait for the final event."""
        while self._ending is None:
            await self._changed.wait()
        return self._ending

    def progress(self, event: StepProgress) -> None:
        """Append a progress event.

        Ignored if that step was reported before, as when a repeated run starts again at 1.
        """
        if self._ending is None and self._last_step < event.step <= self._total_steps:
            self._last_step = event.step
            self._append(StepProgress(event.step, self._total_steps, event.preview_jpeg))

    def end(self, ending: Ending) -> None:
        """Append the final event; later calls are ignored.

        If it is an image, all steps count as done.
        """
        if self._ending is not None:
            return
        if isinstance(ending, StoredImage):
            self.progress(StepProgress(self._total_steps, self._total_steps))
        self._ending = ending
        self._append(ending)

    async def read(self, after_seq: int = 0) -> AsyncIterator[JobEvent]:
        """Yields the events after `after_seq` up to the final one, and waits for new ones.

        A reader with more than `coalesce_after` unread events skips to the newest progress event.
        """
        cursor = max(0, after_seq)
        while True:
            if len(self._events) - cursor > self._coalesce_after:
                cursor = self._newest_progress()
            if cursor < len(self._events):
                cursor += 1
                yield self._events[cursor - 1]
            elif self._ending is not None:
                return
            else:
                await self._changed.wait()

    def _newest_progress(self) -> int:
        """Index of the last progress event."""
        return len(self._events) - (1 if self._ending is None else 2)

    def _append(self, event: StepProgress | Ending) -> None:
        self._events.append(JobEvent(len(self._events) + 1, event))
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
