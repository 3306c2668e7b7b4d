"""Reports that are stored beside their dataset until the dataset changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from engines.errors import Conflict, InsufficientStorage, NotFound, StorageFailed
from engines.types.datasets.reports import DatasetReport
from engines.types.image_formats import is_hidden

if TYPE_CHECKING:
    from engines.protocols import StopCheck, Storage


@dataclass(frozen=True, slots=True)
class KeptReport:
    """The report under `key`, valid if it was made from the inputs that `stamp` identifies."""

    storage: Storage
    key: str
    stamp: str

    def read(self) -> DatasetReport | None:
        """The stored report; None if there is none, its stamp differs, or it is damaged."""
        try:
            found = orjson.loads(self.storage.read(self.key))
            if found["stamp"] == self.stamp:
                return DatasetReport.model_validate_json(found["report"])
        except (NotFound, ValueError, KeyError, TypeError):
            return None
        return None

    def write(self, report: DatasetReport) -> None:
        """Store the report. Without room it is not stored, and is made again next time."""
        content = orjson.dumps({"stamp": self.stamp, "report": report.model_dump_json()})
        try:
            self.storage.replace(self.key, content)
        except (Conflict, InsufficientStorage, StorageFailed):
            return


def version_of_folder(storage: Storage, folder: str, stop: StopCheck) -> str | None:
    """SHA-256, hex, of the names, sizes and versions of the files in the folder, without hidden
    ones; None if there are none."""
    hashed, count = hashlib.sha256(), 0
    for stat in storage.list(folder):
        stop()
        name = stat.key[len(folder) + 1 :]
        if not is_hidden(name):
            hashed.update(f"{name}\0{stat.size_bytes}\0{stat.etag}\n".encode())
            count += 1
    return hashed.hexdigest() if count else None


def digest_of(*parts: object) -> str:
    """SHA-256, hex, of JSON values."""
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()
