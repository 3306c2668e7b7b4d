"""The hidden folder `.evidence/` beside a dataset's images, in which reports keep their data."""

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
    """Remove the stored reports on the folder, after one of its images was deleted. Blocks.

    The reports contain small pictures of the images. The next request makes a new report.
    """
    _remove_below(storage, f"{folder}/{EVIDENCE_FOLDER}", REPORT_PREFIX)


def forget_if_gone(storage: Storage, folder: str) -> bool:
    """Remove the evidence if the folder has no other files than hidden ones, and return whether
    that is so. Blocks.

    A report may have written the evidence while the other files were being deleted.
    """
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
