"""Adapters over handles: Ray's errors stop here, and cancellation goes through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from ray.exceptions import ActorDiedError

from deployments.adapters.calling import ONCE, TWICE, CallPolicy, ask, call, stream
from deployments.adapters.files import StoredFiles
from deployments.adapters.uploads import UploadChecker
from engines.errors import Conflict, DeadlineExceeded, Fault, InvalidImage, NotFound, ReplicaLost
from engines.images import ImageLimits
from engines.sandbox import SandboxLimits
from engines.storage.folder.storage import FolderStorage


class Response:
    """A `DeploymentResponse` as the adapters use it."""

    def __init__(self, answer: Any = None, error: Exception | None = None) -> None:
        self.answer, self.error = answer, error
        self.canceled = False

    def __await__(self) -> Any:
        yield from asyncio.sleep(0).__await__()
        if self.error is not None:
            raise self.error
        return self.answer

    def cancel(self) -> None:
        self.canceled = True


class Stream(Response):
    def __init__(self, events: list[Any], error: Exception | None = None) -> None:
        super().__init__(error=error)
        self.events = events

    async def __aiter__(self) -> AsyncIterator[Any]:
        for event in self.events:
            yield event
        if self.error is not None:
            raise self.error


async def test_a_stream_that_ends_is_not_canceled() -> None:
    response = Stream([1, 2])

    async def collect() -> list[Any]:
        return [event async for event in stream(response)]

    assert await collect() == [1, 2]
    assert not response.canceled


async def test_closing_a_stream_cancels_the_work_behind_it() -> None:
    response = Stream([1, 2, 3])

    events = stream(response)
    async for _ in events:
        break
    await events.aclose()
    assert response.canceled


async def test_a_dead_actor_in_a_stream_is_a_lost_replica_after_its_events() -> None:
    seen: list[Any] = []

    async def collect() -> None:
        async for event in stream(Stream([1], ActorDiedError())):
            seen.append(event)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(ReplicaLost):
        await collect()
    assert seen == [1]


async def test_cancelling_the_caller_cancels_the_call() -> None:
    response = Response()

    async def main() -> None:
        async def forever() -> Any:
            return await call(Hanging(response))

        task = asyncio.create_task(forever())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    await main()
    assert response.canceled


class Hanging:
    def __init__(self, response: Response) -> None:
        self._response = response

    def __await__(self) -> Any:
        return asyncio.sleep(3600).__await__()

    def cancel(self) -> None:
        self._response.cancel()


async def test_a_verdict_is_asked_for_once_more_and_no_more() -> None:
    answers = [Response(error=ActorDiedError()), Response(answer="fine")]
    assert await ask(lambda: answers.pop(0), TWICE) == "fine"
    dead = [Response(error=ActorDiedError()), Response(error=ActorDiedError())]
    with pytest.raises(ReplicaLost):
        await ask(lambda: dead.pop(0), TWICE)
    assert not dead


async def test_a_call_is_made_once_unless_the_policy_says_more() -> None:
    dead = [Response(error=ActorDiedError()), Response(answer="too late")]
    with pytest.raises(ReplicaLost):
        await ask(lambda: dead.pop(0), ONCE)
    assert len(dead) == 1


async def test_a_call_past_its_time_is_canceled_and_says_so() -> None:
    response = Response()
    with pytest.raises(DeadlineExceeded):
        await ask(lambda: Hanging(response), CallPolicy(attempts=2, within_s=0.01))
    assert response.canceled


def png(size: tuple[int, int] = (8, 8)) -> bytes:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, "PNG")
    return buffer.getvalue()


async def test_uploads_are_checked_stored_and_read_in_chunks(tmp_path: Path) -> None:
    files = StoredFiles(FolderStorage(tmp_path), ImageLimits())

    key = await files.upload_image(png(), "mine", "u1")
    assert key.startswith("uploads/mine/upload_")
    assert key.endswith(".png")
    assert b"".join([chunk async for chunk in files.read(key)]) == png()
    assert await files.list_images("uploads/mine", 10) == [key]
    assert await files.upload_image(png(), "mine", "u1") == key  # sent again: there already
    with pytest.raises(Conflict):
        await files.upload_image(png((9, 9)), "mine", "u1")
    with pytest.raises(InvalidImage):
        await files.upload_image(b"<svg/>", None, "u2")
    with pytest.raises(NotFound):
        await files.stat("uploads/absent.png")


async def test_an_upload_that_breaks_its_limits_is_refused_and_the_next_is_stored(
    tmp_path: Path,
) -> None:
    limits = SandboxLimits(workers=1, max_cpu_s=5, max_memory_bytes=64 * 2**20)
    uploads = UploadChecker(ImageLimits(), limits)
    files = StoredFiles(FolderStorage(tmp_path), ImageLimits(), uploads)

    with pytest.raises(InvalidImage, match="too much memory"):
        await files.upload_image(png((6000, 6000)), None, "u3")
    with pytest.raises(InvalidImage, match="broken or truncated"):
        await files.upload_image(png()[:-20], None, "u4")
    assert await files.list_images("uploads", 10) == []
    key = await files.upload_image(png(), None, "u5")
    assert await files.list_images("uploads", 10) == [key]
    uploads.close()


async def test_the_processes_that_check_uploads_start_with_the_first_one() -> None:
    def processes() -> set[int]:
        return {each.pid for each in psutil.Process().children(recursive=True)}

    before = processes()
    uploads = UploadChecker(ImageLimits(), SandboxLimits(workers=1))
    assert processes() <= before
    assert (await uploads.check(png((9, 7)))).format == "PNG"
    assert processes() - before
    uploads.close()


async def test_a_request_that_its_limits_ended_is_never_repeated() -> None:
    asked: list[Response] = []

    def begin() -> Response:
        asked.append(Response(error=InvalidImage(Fault("image", None, "a", "takes too long"))))
        return asked[-1]

    with pytest.raises(InvalidImage):
        await ask(begin, TWICE)
    assert len(asked) == 1
