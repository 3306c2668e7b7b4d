"""WebDataset exports: one manifest makes all tar shards of a run valid at the same moment.

    exports/<name>/manifest.json               lists the shards of the valid run
    exports/<name>/<run>/<split>-000000.tar    written first; those of other runs are removed last

A reader that uses the shards in the manifest never reads an incomplete export.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from engines.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engines.datasets.writers.encoding.class_table import ClassTable
    from engines.datasets.writers.model import WrittenFile
    from engines.errors import JsonValue
    from engines.protocols import Storage

MANIFEST = "manifest.json"
MANIFEST_SCHEMA = "inferloop.webdataset/1"


def publish_manifest(
    storage: Storage,
    folder: str,
    run: str,
    shards: Sequence[WrittenFile],
    table: ClassTable | None = None,
) -> None:
    """Write a manifest that lists `shards`, then remove every other run. `table`: the classes
    whose numbers are in the `.cls` members."""
    files: list[JsonValue] = [
        {"name": s.name, "size_bytes": s.size_bytes, "sha256": s.sha256, "count": s.count}
        for s in shards
    ]
    manifest: dict[str, JsonValue] = {"schema": MANIFEST_SCHEMA, "run": run}
    if table is not None and table.name is not None:
        manifest["class_label"], manifest["classes"] = table.name, list(table.values)
    manifest["shards"] = files
    storage.replace(f"{folder}/{MANIFEST}", orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    remove_runs(storage, folder, run)


def valid_run(storage: Storage, folder: str) -> str | None:
    """The run in the manifest. None if there is no manifest or it is damaged."""
    try:
        return str(orjson.loads(storage.read(f"{folder}/{MANIFEST}"))["run"])
    except (NotFound, ValueError, KeyError, TypeError):
        return None


def remove_runs(storage: Storage, folder: str, keep: str | None) -> int:
    """Remove the shards of every run except `keep`. Returns the number of removed files."""
    removed = 0
    for stat in list(storage.list(folder)):
        name = stat.key[len(folder) + 1 :]
        if name.endswith(".tar") and name.startswith("run-") and not name.startswith(f"{keep}/"):
            storage.delete(stat.key)
            removed += 1
    return removed
