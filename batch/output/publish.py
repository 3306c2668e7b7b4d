"""Publish a shard: write its images, then its rejected rows, then the record that marks it as
finished."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from batch.config import Format
from batch.making.journal import Journal
from batch.output.layout import REJECTED, record_key, shard_name
from batch.output.outcomes import Outcome, ShardOutcome
from batch.output.records import PublishedFile, ShardRecord
from batch.output.sinks import write_images, write_shard
from batch.planning.plan import Plan
from engines.datasets.records.label_columns import labeled_columns
from engines.datasets.records.schema import Column
from engines.datasets.writers.folder import FolderWriter

if TYPE_CHECKING:
    from engines.errors import JsonValue
    from engines.protocols import Storage
    from engines.types.datasets.labels import Classes

NO_IMAGE = "no_image.jsonl"
REFUSAL = (
    Column("status", "string", "rejected, or failed"),
    Column("attempts", "int64", "Images made for the row"),
    Column("reasons", "json", "Why it was refused: code and message of each reason"),
    Column("row", "json", "The row's parameters, as it gave them"),
)
"""Columns of the records of refused rows, in addition to those of all records."""


def publish_shard(storage: Storage, output_format: Format, shard: ShardOutcome) -> ShardRecord:
    """Write a shard and its record. Blocks.

    If this is interrupted before the record is written, the shard is made again, with the same
    names. If it is called again afterwards, nothing changes.

    Raises:
        StorageFailed: the shard could not be written.
    """
    written = [o.image for o in shard.outcomes if o.status == "written" and o.image]
    plan = Plan.load(storage)
    classes = {} if plan is None else plan.labels
    files = write_shard(storage, output_format, shard.shard, written, classes)
    files += _write_refused(storage, shard, classes)
    record = ShardRecord.of(shard, files)
    storage.replace(record_key(shard.shard), record.model_dump_json().encode())
    Journal(storage).forget(shard.shard)
    return record


def _write_refused(storage: Storage, shard: ShardOutcome, classes: Classes) -> list[PublishedFile]:
    """Write the rejected images with their reasons as an image folder, and refused rows without an
    image to a separate file."""
    refused = [o for o in shard.outcomes if o.status != "written"]
    folder = f"{REJECTED}/{shard_name(shard.shard)}"
    pictured = [replace(o.image, record={**o.image.record, **_told(o)}) for o in refused if o.image]
    columns = (*labeled_columns(classes), *REFUSAL)
    files = write_images(FolderWriter(storage, folder, columns), folder, pictured, classes)
    bare = [o for o in refused if o.image is None]
    if bare:
        files.append(_write_bare(storage, f"{folder}/{NO_IMAGE}", bare))
    return files


def _write_bare(storage: Storage, key: str, bare: Sequence[Outcome]) -> PublishedFile:
    lines = [{"row_id": o.row_id, "index": o.index, **_told(o)} for o in bare]
    content = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    storage.replace(key, content)
    digest = hashlib.sha256(content).hexdigest()
    return PublishedFile(key=key, sha256=digest, size_bytes=len(content), images=0)


def _told(outcome: Outcome) -> Mapping[str, JsonValue]:
    return {
        "status": outcome.status,
        "attempts": outcome.attempts,
        "reasons": [{"code": r.code, "message": r.message} for r in outcome.reasons],
        "row": dict(outcome.parameters),
    }
