"""Publishing a shard: the images, then what was refused, then the record that makes it count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import orjson

from batch.config import Format
from batch.making.journal import Journal
from batch.output.files import publish_bytes
from batch.output.layout import REJECTED, record_key, shard_name
from batch.output.outcomes import Outcome, ShardOutcome
from batch.output.records import PublishedFile, ShardRecord
from batch.output.sinks import SINKS, write_folder

if TYPE_CHECKING:
    from engines.errors import JsonValue
    from engines.protocols import Storage

NO_IMAGE = "no_image.jsonl"


def publish_shard(storage: Storage, output_format: Format, shard: ShardOutcome) -> ShardRecord:
    """Write all of a shard. Killed half-way, it is not published and will be made again under
    the same names; repeated after the record, it changes nothing.

    Raises:
        StorageFailed: the shard is not published.
    """
    written = [(o.row_id, o.image) for o in shard.outcomes if o.status == "written" and o.image]
    files = [*SINKS[output_format](storage, shard.shard, written), *_write_refused(storage, shard)]
    record = ShardRecord.of(shard, files)
    storage.replace(record_key(shard.shard), record.model_dump_json().encode())
    Journal(storage).forget(shard.shard)
    return record


def _write_refused(storage: Storage, shard: ShardOutcome) -> list[PublishedFile]:
    """Rejected images in a folder that people can look through, with their reasons; rows that
    have no image in a file of their own beside them."""
    refused = [o for o in shard.outcomes if o.status != "written"]
    folder = f"{REJECTED}/{shard_name(shard.shard)}"
    pictured = [(o.row_id, o.image) for o in refused if o.image is not None]
    reasons = {o.row_id: _told(o) for o in refused}
    files = list(write_folder(storage, folder, pictured, reasons))
    bare = [{"row_id": o.row_id, **_told(o)} for o in refused if o.image is None]
    if bare:
        content = b"".join(orjson.dumps(line) + b"\n" for line in bare)
        files.append(publish_bytes(storage, f"{folder}/{NO_IMAGE}", 0, content))
    return files


def _told(outcome: Outcome) -> Mapping[str, JsonValue]:
    return {
        "index": outcome.index,
        "status": outcome.status,
        "attempts": outcome.attempts,
        "reasons": [{"code": r.code, "message": r.message} for r in outcome.reasons],
        "row": dict(outcome.parameters),
    }
