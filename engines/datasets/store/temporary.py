"""Temporary databases: in memory while they are small, then in a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from engines.errors import InsufficientStorage
from engines.storage.folder.paths import is_full

CACHE_KIB = 16 * 1024
"""Largest size in memory unless the caller says another one."""
# With pages of 4 KiB each recipe would fill a page of its own.
_PRAGMAS = """
PRAGMA page_size = 16384;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -{cache_kib};
"""
_SPENT = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR_GETTEMPPATH}
"""Codes of errors about a disk without room, or without a folder in which files may be made."""


def temporary_database(tables: str, cache_kib: int = CACHE_KIB) -> sqlite3.Connection:
    """A new database with these tables, which threads may use one after the other.

    It is in memory and needs no disk until it is larger than `cache_kib` KiB. Then SQLite uses a
    file without a name, in the folder for temporary files, which ends with the database (SQLite,
    "Temporary Files Used By SQLite").
    """
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    database.executescript(_PRAGMAS.format(cache_kib=cache_kib) + tables)
    return database


@contextmanager
def scratch_errors() -> Iterator[None]:
    """Translate the errors of temporary databases and files: where there is no room for them,
    `InsufficientStorage` is raised."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode not in _SPENT:
            raise
        raise _full() from error
    except OSError as error:
        if not is_full(error):
            raise
        raise _full() from error


def _full() -> InsufficientStorage:
    return InsufficientStorage(
        "The service's folder for temporary files is full or cannot be written (TMPDIR, /var/tmp "
        "or /tmp); it is needed for large datasets only"
    )
