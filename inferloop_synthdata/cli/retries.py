"""The SDK logs each retry; the command line tells it, so that no wait is silent."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from inferloop_synthdata.cli.console import Console
from inferloop_synthdata.transport.retry import LOG

SHORT_WAIT_S = 2.0
"""Nobody wonders about a wait below this."""


class _Teller(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "wait_s", SHORT_WAIT_S) >= SHORT_WAIT_S:
            self._console.note(record.getMessage())


@contextmanager
def retries_told(console: Console) -> Generator[None, None, None]:
    """What the client waits for is said on the console while this lasts."""
    teller, level = _Teller(console), LOG.level
    LOG.addHandler(teller)
    LOG.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOG.removeHandler(teller)
        LOG.setLevel(level)
