"""The hidden folder beside a dataset's images that reports keep their work in: `.evidence/`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from engines.errors import NotFound
from engines.types.image_formats import is_hidden

if TYPE_CHECKING:
    from engines.protocols import Storage

EVIDENCE_FOLDER = ".evidence"
REPORT_PREFIX = "report-"


def forget_reports(storage: Storage, folder: str) -> None:
    """Remove the kept reports on the folder key: they hold small pictures of its images, and one
    of those is gone. The next report is made anew. Blocks."""
    _remove_below(storage, f"{folder}/{EVIDENCE_FOLDER}", REPORT_PREFIX)


def forget_if_gone(storage: Storage, folder: str) -> bool:
    """Whether nothing but hidden files is left in the folder; then the evidence goes too, which
    was written while somebody deleted the rest. Blocks."""
    inside = (stat.key[len(folder) + 1 :] for stat in storage.list(folder))
    if any(not is_hidden(name) for name in inside):
        return False
    _remove_below(storage, f"{folder}/{EVIDENCE_FOLDER}", "")
    return True


def _remove_below(storage: Storage, folder: str, prefix: str) -> None:
    for stat in list(storage.list(folder)):
        if stat.key[len(folder) + 1 :].startswith(prefix):
            with suppress(NotFound):
                storage.delete(stat.key)
