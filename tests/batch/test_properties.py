"""Whatever the rows are: none is lost, none is doubled, and the input alone decides who is who."""

from __future__ import annotations

import csv
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.config import FileInput
from batch.output.outcomes import Outcome, ShardOutcome, Status
from batch.output.publish import publish_shard
from batch.output.records import ShardRecord
from batch.output.totals import Totals
from batch.planning.inputs import open_input
from batch.planning.plan import identified
from batch.planning.rows import ParsedRow, PlannedRow, parse_row
from engines.storage.folder.storage import FolderStorage
from tests.batch.conftest import an_outcome

pytestmark = pytest.mark.slow

# What every format can carry: text without surrogates and NUL, and none that is blank.
prompts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40
).filter(lambda text: text.strip() != "")
records = st.fixed_dictionaries(
    {"prompt": prompts},
    optional={
        "width": st.sampled_from([64, 512, 7, 2048]),
        "seed": st.integers(0, 2**53 - 1),
        "guidance_scale": st.floats(0, 30, allow_nan=False),
        "negative_prompt": prompts,
    },
)
few = settings(max_examples=40)


def parsed(found: Sequence[dict[str, Any]]) -> list[ParsedRow]:
    return [parse_row(record, frozenset()) for record in found]


def ids(found: Sequence[dict[str, Any]]) -> list[str]:
    return [row.row_id for row in identified(iter(parsed(found)))]


@few
@given(st.lists(records, max_size=30))
def test_every_row_has_an_id_of_its_own_and_the_same_every_time(
    found: list[dict[str, Any]],
) -> None:
    rows = list(identified(iter(parsed(found))))
    assert [row.index for row in rows] == list(range(len(found)))
    assert len({row.row_id for row in rows}) == len(found)
    assert [row.row_id for row in rows] == ids(found)


@few
@given(st.lists(records, max_size=12), st.lists(records, max_size=12))
def test_rows_that_come_later_change_no_id(
    found: list[dict[str, Any]], more: list[dict[str, Any]]
) -> None:
    assert ids(found + more)[: len(found)] == ids(found)


@few
@given(st.lists(records, max_size=20), st.randoms())
def test_the_order_of_the_rows_changes_no_set_of_ids(
    found: list[dict[str, Any]], random: Any
) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert sorted(ids(shuffled)) == sorted(ids(found))


@few
@given(st.lists(records, max_size=20))
def test_a_row_is_sound_or_has_a_fault_never_both(found: list[dict[str, Any]]) -> None:
    for record, row in zip(found, parsed(found), strict=True):
        assert (row.fault is None) == bool(row.parameters)
        assert (row.fault is not None) == (record.get("width") in (7, 2048))


@few
@given(st.lists(records, max_size=20))
def test_a_plan_reads_back(found: list[dict[str, Any]]) -> None:
    for row in identified(iter(parsed(found))):
        assert PlannedRow.from_json(row.to_json()) == row


def write_jsonl(path: Path, found: Sequence[dict[str, Any]]) -> None:
    lines = "".join(json.dumps(record) + "\n" for record in found)
    path.write_text(lines, encoding="utf-8")


def write_csv(path: Path, found: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(found)


def write_parquet(path: Path, found: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    table = pa.table({name: [record.get(name) for record in found] for name in columns})
    pq.write_table(table, path)


@few
@given(st.lists(records, min_size=1, max_size=12))
def test_every_format_means_the_same_rows(found: list[dict[str, Any]]) -> None:
    columns = ["prompt", "width", "seed", "guidance_scale", "negative_prompt"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_jsonl(folder / "rows.jsonl", found)
        write_csv(folder / "rows.csv", found, columns)
        write_parquet(folder / "rows.parquet", found, columns)

        def read(file: str) -> list[tuple[str, str | None]]:
            rows = identified(open_input(FileInput(path=file), folder).rows())
            return [(row.row_id, row.fault) for row in rows if row.fault is None]

        assert read("rows.jsonl") == read("rows.csv") == read("rows.parquet")


statuses: st.SearchStrategy[Status] = st.sampled_from(("written", "rejected", "failed"))
ends = st.lists(st.tuples(statuses, st.booleans()), min_size=1, max_size=8)


def a_shard(number: int, told: Sequence[tuple[Status, bool]]) -> ShardOutcome:
    outcomes: list[Outcome] = []
    for position, (status, pictured) in enumerate(told):
        pictured = pictured or status == "written"
        outcomes.append(an_outcome(number * 8 + position, status, pictured))
    return ShardOutcome(number, tuple(outcomes), 1.0)


@few
@given(st.lists(ends, min_size=1, max_size=6), st.randoms())
def test_rows_in_are_rows_out_in_whatever_order_shards_are_added(
    shards: list[list[tuple[Status, bool]]], random: Any
) -> None:
    made = [ShardRecord.of(a_shard(number, told), ()) for number, told in enumerate(shards)]
    one, other = Totals(), Totals()
    for record in made:
        one.add(record)
    random.shuffle(made)
    for record in made:
        other.add(record)
    expected = Counter(status for told in shards for status, _ in told)
    assert {name: count for name, count in one.counts().items() if count} == expected
    assert one.rows == sum(one.counts().values())
    assert one.counts() == other.counts()
    assert one.reasons == other.reasons
    assert one.fingerprints.items() == other.fingerprints.items()
    assert {name: found.counts for name, found in one.histograms.items()} == {
        name: found.counts for name, found in other.histograms.items()
    }


@settings(max_examples=15)
@given(ends, st.sampled_from(("webdataset", "parquet", "imagefolder")))
def test_a_record_names_every_row_of_its_shard_once(
    told: list[tuple[Status, bool]], output_format: Any
) -> None:
    shard = a_shard(0, told)
    with tempfile.TemporaryDirectory() as name:
        record = publish_shard(FolderStorage(Path(name)), output_format, shard)
    named = [*record.written, *(refused.row_id for refused in record.refused)]
    assert sorted(named) == sorted(outcome.row_id for outcome in shard.outcomes)
    assert ShardRecord.model_validate_json(record.model_dump_json()) == record
