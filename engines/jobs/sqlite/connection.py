"""A connection to the database file: transactions, and the translation of SQLite's errors."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engines.errors import InsufficientStorage, Overloaded, StorageFailed
from engines.jobs.sqlite.schema import create_tables

_BUSY_S = 10.0
"""Longest wait while another process writes, seconds."""
_OWN_RIGHTS = 0o600


class JobsFile:
    """A connection that threads may share. In this process one transaction runs at a time; SQLite's
    locks separate processes."""

    def __init__(self, path: Path | None) -> None:
        """`path`: the file; None keeps the data in memory. The file's folder must exist. Only the
        file's owner may read it, because requests contain prompts. Raises `StorageFailed` if it
        cannot be opened."""
        self._lock = threading.RLock()
        name = ":memory:"
        if path is not None:
            _make(path)
            name = str(path)
        with translated():
            self._connection = sqlite3.connect(
                name, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA journal_size_limit = 67108864")
        with self.writing() as connection:
            create_tables(connection)

    @contextmanager
    def writing(self, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction. It is committed at the end of the block, and undone if the block raises.
        With `durable` False, a crash of the machine (not of a process) may undo it later."""
        with self._lock, translated():
            level = "FULL" if durable else "NORMAL"
            self._connection.execute(f"PRAGMA synchronous = {level}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A block in which all reads see the same state of the file."""
        with self._lock, translated():
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _make(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, _OWN_RIGHTS))
    except OSError as error:
        words = os.strerror(error.errno or 0)
        raise StorageFailed(f"The job store cannot be opened: {words}") from error


@contextmanager
def translated() -> Iterator[None]:
    """Convert SQLite's errors: to `InsufficientStorage` if the disk is full, to `Overloaded` if the
    file is locked, otherwise to `StorageFailed`."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise InsufficientStorage("No room for the record of the job") from error
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise Overloaded("The job store is busy", 1.0) from error
        raise StorageFailed("The job store cannot be read or written") from error
    except sqlite3.DatabaseError as error:
        raise StorageFailed("The job store cannot be read or written") from error
