"""Memory that does not grow with the rows: ten times the input, the same peak."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batch.config import FileInput
from batch.output.layout import record_key
from batch.output.manifest import write_manifest
from batch.output.outcomes import ShardOutcome
from batch.output.records import PublishedFile, ShardRecord
from batch.output.totals import SHOWN_THUMBNAILS, Totals
from batch.planning.inputs import open_input
from batch.planning.plan import Plan, ensure_plan
from engines.storage.folder.storage import FolderStorage
from tests.batch.conftest import MakeConfig, an_outcome

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def peak_bytes(work: Callable[[], object]) -> int:
    """Largest memory that Python objects took while `work` ran, over what there was before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_plan_of_ten_times_the_rows_takes_no_more_memory(
    tmp_path: Path, make_config: MakeConfig
) -> None:
    def plan(rows: int) -> int:
        path = tmp_path / f"{rows}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps({"prompt": f"bird {n}"}) + "\n" for n in range(rows))
        config = make_config(output={"root": str(tmp_path / str(rows)), "shard_rows": 50})
        storage = FolderStorage(tmp_path / str(rows))
        source = open_input(FileInput(path=str(path)), tmp_path)
        peak = peak_bytes(lambda: ensure_plan(storage, config, source, lambda: NOW))
        found = Plan.load(storage)
        assert found is not None
        assert (found.rows, found.shards) == (rows, rows // 50)
        return peak

    plan(50)  # what is imported and cached once
    small, large = plan(500), plan(5000)
    assert large < 1.5 * small


def a_record(shard: int) -> ShardRecord:
    """Of a shard with one written image, under a row id of its own."""
    outcome = an_outcome(1)
    record = ShardRecord.of(ShardOutcome(shard, (outcome,), 1.0), ())
    row_id = f"{shard:024x}"
    return record.model_copy(
        update={
            "written": (row_id,),
            "fingerprints": (record.fingerprints[0].model_copy(update={"row_id": row_id}),),
            "thumbnails": (record.thumbnails[0].model_copy(update={"row_id": row_id}),),
        }
    )


def test_the_contact_sheet_does_not_grow_with_the_shards() -> None:
    totals = Totals()
    for shard in range(300):
        totals.add(a_record(shard))
    assert totals.written == 300
    assert len(totals.thumbnails["written"].items()) == SHOWN_THUMBNAILS


@pytest.mark.slow
def test_a_manifest_of_ten_times_the_files_takes_no_more_memory(
    tmp_path: Path, make_config: MakeConfig
) -> None:
    folder = "s" * 64  # longer than what pydantic keeps of the strings that it has seen

    def manifest(shards: int) -> int:
        storage = FolderStorage(tmp_path / str(shards))
        identity: dict[str, str] = {}
        plan = Plan(name="x", rows=shards, shards=shards, created_at=NOW, identity=identity)
        for shard in range(shards):
            pictures = tuple(
                PublishedFile(
                    key=f"data/{folder}{shard}/{n}.png", sha256="0" * 64, size_bytes=9, images=1
                )
                for n in range(50)
            )
            bare = {"files": pictures, "thumbnails": (), "fingerprints": ()}
            record = a_record(shard).model_copy(update=bare)
            storage.replace(record_key(shard), record.model_dump_json().encode())
        peak = peak_bytes(lambda: write_manifest(storage, plan, make_config(), {}, NOW, 20_000))
        found = json.loads(storage.read("_manifest.json"))
        assert len(found["files"]) == 50 * shards
        return peak

    manifest(3)
    small, large = manifest(15), manifest(150)
    assert large < 1.5 * small
