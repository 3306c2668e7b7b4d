"""Labels and metadata of rows: read from every kind of input, in the shards as in exports."""

from __future__ import annotations

import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from batch.config import FileInput, Format
from batch.output.outcomes import Outcome, ShardOutcome
from batch.output.publish import publish_shard
from batch.planning.inputs import open_input
from batch.planning.plan import Plan, ensure_plan, read_rows
from batch.planning.rows import make_request, parse_row
from engines.storage.folder.storage import FolderStorage
from tests.batch.conftest import MakeConfig, MakeOutcome

FOX = {"prompt": "a fox", "labels": {"animal": "fox"}, "metadata": {"keeper": "Ané"}}
CAT = {"prompt": "a cat", "labels": {"animal": "cat"}}


def plan_of(storage: FolderStorage, config: Any, path: Path, content: str) -> Plan:
    path.write_text(content, encoding="utf-8")
    source = open_input(FileInput(path=str(path)), path.parent)
    return ensure_plan(storage, config, source, lambda: datetime(2026, 1, 2, tzinfo=UTC))


def test_a_row_of_jsonl_labels_its_image(
    storage: FolderStorage, make_config: MakeConfig, tmp_path: Path
) -> None:
    lines = "\n".join(orjson.dumps(row).decode() for row in (FOX, CAT, {"prompt": "a wood"}))
    plan = plan_of(storage, make_config(), tmp_path / "in.jsonl", lines)
    assert plan.labels == {"animal": ("cat", "fox")}
    requests = [make_request(row, make_config(), 0) for row in read_rows(storage, 0)]
    assert [dict(request.labels) for request in requests] == [
        {"animal": "fox"}, {"animal": "cat"}, {},
    ]  # fmt: skip
    assert requests[0].metadata == {"keeper": "Ané"}


def test_a_table_has_a_column_for_each_label_or_json_text(
    storage: FolderStorage, make_config: MakeConfig, tmp_path: Path
) -> None:
    table = (
        'prompt,label_animal,labels,metadata\na fox,fox,,"{""n"": 1}"\na cat,,"{""a"": ""b""}",\n'
    )
    plan_of(storage, make_config(), tmp_path / "in.csv", table)
    requests = [make_request(row, make_config(), 0) for row in read_rows(storage, 0)]
    assert [dict(request.labels) for request in requests] == [{"animal": "fox"}, {"a": "b"}]
    assert requests[0].metadata == {"n": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels": {"animal": ""}},
        {"labels": {"animal": 3}},
        {"labels": "fox"},
        {"labels": ["fox"]},
        {"label_1": "", "label_a b": "c"},
        {"metadata": {"text": "x" * 5000}},
        {"metadata": "{"},
    ],
)
def test_labels_that_are_none_make_a_rejected_row(wrong: dict[str, Any]) -> None:
    row = parse_row({"prompt": "a fox", **wrong}, frozenset())
    assert row.fault is not None
    assert any(word in row.fault for word in ("label", "metadata"))


def labeled(make_outcome: MakeOutcome, number: int, labels: dict[str, str]) -> Outcome:
    outcome = make_outcome(number)
    assert outcome.image is not None
    outcome.image.record["labels"] = dict(labels)
    return outcome


@pytest.mark.parametrize("format_", ["parquet", "webdataset"])
def test_shards_number_the_classes_of_the_whole_job(
    storage: FolderStorage,
    make_config: MakeConfig,
    make_outcome: MakeOutcome,
    tmp_path: Path,
    format_: Format,
) -> None:
    lines = "\n".join(orjson.dumps(row).decode() for row in (FOX, CAT))
    plan_of(storage, make_config(), tmp_path / "in.jsonl", lines)
    outcomes = (labeled(make_outcome, 10, {"animal": "fox"}), labeled(make_outcome, 20, {}))
    publish_shard(storage, format_, ShardOutcome(0, outcomes, 1.0))
    if format_ == "parquet":
        table = pq.read_table(io.BytesIO(storage.read("data/shard-000000.parquet")))
        assert table["label_animal"].to_pylist() == [1, None]
        return
    with tarfile.open(fileobj=io.BytesIO(storage.read("data/shard-000000.tar"))) as tar:
        classes = [n for n in tar.getnames() if n.endswith(".cls")]
        numbers = [tar.extractfile(name).read() for name in classes]  # type: ignore[union-attr]
    assert numbers == [b"1", b"-1"]
