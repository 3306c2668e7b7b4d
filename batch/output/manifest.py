"""Write `_manifest.json`: the files of the dataset, and how it was made."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TYPE_CHECKING

import orjson
from pydantic import ValidationError

from batch.config import JobConfig
from batch.output.layout import DATA, MANIFEST, record_key
from batch.output.records import PublishedFile, ShardRecord, read_record
from batch.output.totals import Totals
from batch.planning.plan import Plan
from engines.errors import NotFound

if TYPE_CHECKING:
    from engines.protocols import Storage

SCHEMA = "inferloop.batch-manifest/1"
SPOOL_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Census:
    """The sums over the finished shards, and the indices of the missing or damaged ones."""

    totals: Totals
    unfinished: tuple[int, ...]


def take_census(storage: Storage, plan: Plan, files: IO[bytes] | None = None) -> Census:
    """Read the record of every shard.

    If a record is damaged, or a file of the shard is missing or has another size, the record is
    removed and the shard counts as unfinished. Writes one JSON line per published file to `files`.
    Blocks.
    """
    totals, unfinished = Totals(), []
    for shard in range(plan.shards):
        try:
            record = read_record(storage, shard)
            damaged = record is not None and not _is_whole(storage, record)
        except ValidationError:
            record, damaged = None, True
        if damaged:
            storage.delete(record_key(shard))
        if damaged or record is None:
            unfinished.append(shard)
        else:
            totals.add(record)
            if files is not None:
                files.writelines(orjson.dumps(f.model_dump()) + b"\n" for f in record.files)
    return Census(totals, tuple(unfinished))


def write_manifest(
    storage: Storage,
    plan: Plan,
    config: JobConfig,
    versions: Mapping[str, str],
    finished_at: datetime,
    spool_bytes: int = SPOOL_BYTES,
) -> Census:
    """Write the manifest if all shards are finished. Above `spool_bytes`, the list of files is in a
    temporary file."""
    with tempfile.SpooledTemporaryFile(spool_bytes) as spool:
        census = take_census(storage, plan, spool)
        if census.unfinished or census.totals.rows != plan.rows:
            return census
        totals = census.totals
        head = {
            "schema": SCHEMA,
            "name": plan.name,
            "format": config.output.format,
            "rows": plan.rows,
            **totals.counts(),
            "shards": plan.shards,
            "images_made": totals.attempts,
            "size_bytes": totals.size_bytes,
            "reasons": dict(totals.reasons),
            "created_at": plan.created_at,
            "finished_at": finished_at,
            "identity": plan.identity,
            "library_versions": dict(versions),
            "config": config.model_dump(mode="json"),
        }
        spool.seek(0)
        with storage.create(MANIFEST) as file:
            file.write(orjson.dumps(head)[:-1] + b',"files":[\n')
            for position, line in enumerate(spool):
                file.write((b",\n" if position else b"") + line.rstrip())
            file.write(b"\n]}\n")
        return census


def shard_level_files(record: ShardRecord) -> Iterator[PublishedFile]:
    """The shard's files with many images or records: a tar or Parquet file, or a folder's
    metadata."""
    for file in record.files:
        if file.key.startswith(f"{DATA}/") and not file.key.endswith(".png"):
            yield file


def _is_whole(storage: Storage, record: ShardRecord) -> bool:
    try:
        return all(
            storage.stat(file.key).size_bytes == file.size_bytes
            for file in shard_level_files(record)
        )
    except NotFound:
        return False
