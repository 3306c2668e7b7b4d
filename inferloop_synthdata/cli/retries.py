"""Prints the retries that the SDK logs, so that the user knows why a command waits."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from inferloop_synthdata.cli.console import Console
from inferloop_synthdata.transport.retry import LOG

SHORT_WAIT_S = 2.0
"""Shorter waits are not printed."""


class _Teller(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "wait_s", SHORT_WAIT_S) >= SHORT_WAIT_S:
            self._console.note(record.getMessage())


@contextmanager
def retries_told(console: Console) -> Generator[None, None, None]:
    """During the block, print each retry of the client on the console."""
    teller, level = _Teller(console), LOG.level
    LOG.addHandler(teller)
    LOG.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOG.removeHandler(teller)
        LOG.setLevel(level)
