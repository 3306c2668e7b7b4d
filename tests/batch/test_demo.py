"""The demo's judgment on its own output: it must see a row that is lost, doubled or made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from batch.config import load_config
from batch.demo import ROWS, SHARD_ROWS, compare, relay, write_job, written_ids
from batch.output.layout import MANIFEST
from batch.output.manifest import write_manifest
from batch.output.outcomes import Outcome, Reason, ShardOutcome
from batch.output.publish import publish_shard
from batch.planning.inputs import open_input
from batch.planning.plan import ensure_plan, read_rows
from batch.planning.rows import PlannedRow
from batch.running import utc_now
from engines.storage.folder.storage import FolderStorage
from tests.batch.conftest import made_image


def ended(row: PlannedRow) -> Outcome:
    if row.fault is not None:
        reasons = (Reason("invalid_row", row.fault),)
        return Outcome(row.row_id, row.index, "rejected", 0, reasons)
    return Outcome(row.row_id, row.index, "written", 1, (), made_image(row.row_id))


@pytest.fixture
def finished(tmp_path: Path) -> FolderStorage:
    """The demo's own job, as a run would leave it."""
    storage = FolderStorage(tmp_path / "dataset")
    config = load_config(write_job(tmp_path, tmp_path / "dataset"))
    plan = ensure_plan(storage, config, open_input(config.input, tmp_path), utc_now)
    assert (plan.rows, plan.shards) == (ROWS, ROWS // SHARD_ROWS)
    for shard in range(plan.shards):
        outcomes = tuple(ended(row) for row in read_rows(storage, shard))
        publish_shard(storage, "webdataset", ShardOutcome(shard, outcomes, 1.0))
    assert write_manifest(storage, plan, config, {}, utc_now()).unfinished == ()
    return storage


def test_an_exact_output_passes(
    finished: FolderStorage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(finished, untouched=True) == 0
    said = capsys.readouterr().out
    assert "200 rows in = 198 in the tars + 2 refused ({'invalid_row': 2})" in said


def test_a_shard_that_was_made_again_does_not(finished: FolderStorage) -> None:
    assert compare(finished, untouched=False) == 1


def test_a_lost_shard_does_not(finished: FolderStorage) -> None:
    finished.delete("data/shard-000004.tar")
    assert compare(finished, untouched=True) == 1


def test_a_doubled_shard_does_not(finished: FolderStorage) -> None:
    finished.put_new("data/shard-000099.tar", finished.read("data/shard-000004.tar"))
    assert len(list(written_ids(finished))) > 198
    assert compare(finished, untouched=True) == 1


def test_a_manifest_that_counts_wrongly_does_not(finished: FolderStorage) -> None:
    manifest = json.loads(finished.read(MANIFEST))
    manifest["written"] -= 1
    finished.replace(MANIFEST, json.dumps(manifest).encode())
    assert compare(finished, untouched=True) == 1


def test_only_the_jobs_own_words_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for line in [
        "2026-11-25 02:46:48,717\tINFO cli.py:42 -- Job submission server address: x\n",
        "2026-11-25 02:46:49,857\tINFO job_manager.py:581 -- Runtime env is setting up.\n",
        "Running entrypoint for job raysubmit_3: python -m batch.synthesize\n",
        "[2026-11-25 02:46:53,119 E 13067 13067] core_worker.cc:2465: Actor has constructor "
        "arguments in the object store and max_restarts > 0.\n",
        "\n",
        "200 rows in 10 shards, 0 rows done before\n",
        "error: the output holds another job\n",
    ]:
        relay(line)
    assert capsys.readouterr().out.splitlines() == [
        "   | 200 rows in 10 shards, 0 rows done before",
        "   | error: the output holds another job",
    ]
