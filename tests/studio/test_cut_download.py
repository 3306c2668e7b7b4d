"""A download that is cut goes on where it was, in a browser: by its ticket and `Range`."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING

import pytest

from tests.studio.application import listening, studio_app, studio_services
from tests.studio.conftest import Studio
from tests.studio.many import make_many
from tests.studio.steps import enter
from tests.waiting import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

FILE_BYTES, CUT_AFTER_BYTES = 24_000_000, 6_000_000


@dataclass
class Scissors:
    """Between the browser and the service; cuts the first download, and notes what is asked for."""

    port: int
    ranges: list[str] = field(default_factory=list)
    cuts: int = 0

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on both ways until either side ends; nothing stays open, however it ends."""
        replies, requests = await asyncio.open_connection("127.0.0.1", self.port)
        there = asyncio.create_task(self._there(reader, requests))
        try:
            with suppress(OSError):
                await self._back(replies, writer)
                writer.close()
                await writer.wait_closed()
        finally:
            there.cancel()
            await asyncio.gather(there, return_exceptions=True)
            for side in (writer, requests):
                side.transport.abort()

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            lines = data.decode("latin-1").split("\r\n")
            self.ranges += [line for line in lines if line.lower().startswith("range:")]
            writer.write(data)
            await writer.drain()
        writer.close()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passed = 0
        while data := await reader.read(65_536):
            passed += len(data)
            if passed > CUT_AFTER_BYTES and not self.cuts:
                self.cuts += 1
                writer.transport.abort()
                return
            writer.write(data)
            await writer.drain()


@contextmanager
def between(url: str) -> Iterator[tuple[str, Scissors]]:
    """The address of a service that cuts, over that of one which does not. It has a thread of its
    own: Playwright's event loop runs in that of the tests."""
    scissors = Scissors(int(url.rpartition(":")[2]))
    ports, ends = Queue[int](), Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]]()

    async def serve() -> None:
        end = asyncio.Event()
        async with await asyncio.start_server(scissors.connect, "127.0.0.1", 0) as server:
            ends.put((asyncio.get_running_loop(), end))
            ports.put(server.sockets[0].getsockname()[1])
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{ports.get(timeout=PATIENCE_S)}", scissors
    finally:
        loop, end = ends.get(timeout=PATIENCE_S)
        loop.call_soon_threadsafe(end.set)
        thread.join()


@pytest.fixture(scope="module")
def cutting(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[tuple[Studio, Scissors]]:
    root = tmp_path_factory.mktemp("cut")
    with listening(studio_app(root, studio_services(root))) as url, between(url) as (own, scissors):
        yield Studio(own, root), scissors


@pytest.fixture(scope="module")
def studio(cutting: tuple[Studio, Scissors]) -> Studio:
    return cutting[0]


def test_a_download_that_is_cut_goes_on_where_it_was(
    page: Page, studio: Studio, cutting: tuple[Studio, Scissors]
) -> None:
    make_many(studio.root, "herd", 2)
    enter(page, studio, "datasets/herd")
    page.get_by_label("Format").select_option("jsonl")
    page.get_by_role("button", name="Export", exact=True).click()
    button = page.get_by_role("button", name="Download herd-jsonl.jsonl")
    button.wait_for()
    content = random.Random(7).randbytes(FILE_BYTES)
    (studio.root / "exports/herd-jsonl.jsonl").write_bytes(content)
    with page.expect_download() as download:
        button.click()
    assert Path(download.value.path()).read_bytes() == content
    scissors = cutting[1]
    assert scissors.cuts == 1
    assert len(scissors.ranges) == 1
    first = int(scissors.ranges[0].partition("=")[2].rstrip("-"))
    assert 0 < first <= CUT_AFTER_BYTES
