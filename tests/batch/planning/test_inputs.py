"""Inputs: every format gives the same rows; broken records are rows with a fault."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from batch.config import FileInput, GridInput
from batch.planning.grid import expand, placeholders
from batch.planning.inputs import InputFile, open_input
from batch.planning.rows import ParsedRow
from engines.errors import InvalidParameters
from engines.storage.s3.storage import S3Storage

RECORDS = [{"prompt": "a bird", "seed": 1}, {"prompt": "ein Vögelchen", "width": 128}]


def read(path: Path, **options: object) -> list[ParsedRow]:
    config = FileInput.model_validate({"path": path.name, **options})
    return list(open_input(config, path.parent).rows())


@pytest.fixture
def jsonl(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(r) for r in RECORDS) + "\n\n", encoding="utf-8")
    return path


def test_every_format_gives_the_same_rows(tmp_path: Path, jsonl: Path) -> None:
    csv = tmp_path / "rows.csv"
    csv.write_text("prompt,seed,width\na bird,1,\nein Vögelchen,,128\n", encoding="utf-8-sig")
    parquet = tmp_path / "rows.parquet"
    columns = [("prompt", pa.string()), ("seed", pa.int64()), ("width", pa.int64())]
    pq.write_table(pa.Table.from_pylist(RECORDS, pa.schema(columns)), parquet)
    expected = read(jsonl)
    assert [row.parameters for row in expected] == RECORDS
    assert read(csv) == expected
    assert read(parquet) == expected


def test_text_is_a_prompt_a_line(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_bytes(b"a bird\r\n\n  two birds \n\xff\xfe\n")
    rows = read(path)
    assert [row.parameters.get("prompt") for row in rows] == ["a bird", "two birds", None]
    assert rows[2].fault == "not UTF-8"


def test_a_broken_line_is_a_row_with_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"prompt": "x"}\n{"prompt": \n[1]\n"just a prompt"\n{"prompt": "\xff"}\n')
    rows = read(path)
    assert [row.fault for row in rows] == [
        None,
        "not JSON",
        "neither an object nor a prompt",
        None,
        "not JSON",
    ]
    assert rows[3].parameters == {"prompt": "just a prompt"}


def test_a_csv_record_of_another_width_is_a_row_with_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"prompt,seed\nx,1,2\ny\nz,3\n\xff,1\n")
    assert [bool(row.fault) for row in read(path)] == [True, True, False, True]


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(InvalidParameters, match="Parquet"):
        read(path)


def test_an_unknown_suffix_needs_a_format(tmp_path: Path) -> None:
    path = tmp_path / "rows.list"
    path.write_text("a bird\n", encoding="utf-8")
    with pytest.raises(InvalidParameters, match=r"must end in one of \.jsonl"):
        read(path)
    assert len(read(path, format="text")) == 1


def test_an_absent_file_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameters, match="must be an existing file"):
        open_input(FileInput(path="absent.jsonl"), tmp_path)


def test_the_digest_is_of_the_bytes(jsonl: Path) -> None:
    config = FileInput(path=str(jsonl))
    before = open_input(config, jsonl.parent).digest()
    assert before == open_input(config, jsonl.parent).digest()
    jsonl.write_bytes(jsonl.read_bytes() + b'{"prompt": "more"}\n')
    assert open_input(config, jsonl.parent).digest() != before


def test_a_file_in_a_bucket_is_read_the_same_way(jsonl: Path) -> None:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="prompts")
        client.put_object(Bucket="prompts", Key="in/rows.jsonl", Body=jsonl.read_bytes())
        source = InputFile(
            FileInput(path="rows.jsonl"), S3Storage(client, "prompts", "in"), "rows.jsonl"
        )
        assert list(source.rows()) == read(jsonl)


def test_a_grid_is_every_combination_in_a_fixed_order() -> None:
    grid = GridInput(
        kind="grid",
        templates=("{animal} on {color}", "a {color} sky"),
        values={"animal": ("cat", "dog"), "color": ("red", "blue")},
        repeats=2,
    )
    prompts = [row["prompt"] for row in expand(grid)]
    assert prompts[::2] == [
        "cat on red",
        "cat on blue",
        "dog on red",
        "dog on blue",
        "a red sky",
        "a blue sky",
    ]
    assert prompts[::2] == prompts[1::2]


def test_doubled_braces_are_braces() -> None:
    grid = GridInput(kind="grid", templates=("{{x}} {a}",), values={"a": ("b",)})
    assert list(expand(grid)) == [{"prompt": "{x} b"}]


@pytest.mark.parametrize("template", ["{a", "a}", "{a.b}", "{0}", "{}", "{a!r}", "{a:>9}"])
def test_a_template_takes_plain_names_only(template: str) -> None:
    with pytest.raises(InvalidParameters):
        placeholders(template)


@pytest.mark.parametrize("values", [{}, {"animal": ("cat",), "unused": ("x",)}])
def test_placeholders_and_values_must_match(values: dict[str, tuple[str, ...]]) -> None:
    grid = GridInput(kind="grid", templates=("{animal}",), values=values)
    with pytest.raises(InvalidParameters, match="exactly the placeholders"):
        list(expand(grid))
