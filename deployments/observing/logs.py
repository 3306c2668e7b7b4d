"""Writes the access log and the audit log to standard output and to files."""

from __future__ import annotations

import logging
import os
import stat
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

LOGGERS = {"serve_app.access": "access", "serve_app.audit": "audit"}
"""Logger to the beginning of its files' names. Each record is a JSON object."""

MAX_FILE_BYTES = 50 * 1024 * 1024
KEPT_FILES = 20
_FOLDER, _FILE = 0o700, 0o600


class PrivateFileHandler(RotatingFileHandler):
    """A log file that only its owner can read. It is rotated at `MAX_FILE_BYTES`."""

    def _open(self) -> TextIO:  # type: ignore[override]  # narrower than typeshed's
        descriptor = os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, _FILE)
        os.fchmod(descriptor, _FILE)
        return os.fdopen(descriptor, "a", encoding="utf-8")


def configure(folder: Path | None, output: TextIO | None = None) -> None:
    """Set the handlers of both loggers. Handlers of an earlier call are replaced.

    Each process writes its own files (`audit-<pid>.jsonl`), so that two ingress replicas on one
    machine do not rotate each other's files. If `folder` is None, only `output` is written
    (standard output by default), which Ray stores in its log folder.

    Raises:
        OSError: the folder cannot be created or written to.
    """
    if folder is not None:
        folder.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
        if stat.S_IMODE(folder.stat().st_mode) & 0o077:
            folder.chmod(_FOLDER)
    for name, stem in LOGGERS.items():
        logger = logging.getLogger(name)
        for old in tuple(logger.handlers):
            logger.removeHandler(old)
            old.close()
        logger.addHandler(logging.StreamHandler(output or sys.stdout))
        if folder is not None:
            file = folder / f"{stem}-{os.getpid()}.jsonl"
            logger.addHandler(
                PrivateFileHandler(file, maxBytes=MAX_FILE_BYTES, backupCount=KEPT_FILES)
            )
        logger.setLevel(logging.INFO)
        logger.propagate = False
