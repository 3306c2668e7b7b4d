"""Files of prompts as programs and accidents leave them: cut, quoted, doubled, in any encoding."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.config import FileInput, load_config
from batch.declared.config import load_declaration
from batch.planning.inputs import open_input
from batch.planning.plan import Plan, ensure_plan, read_rows
from batch.planning.rows import ParsedRow
from batch.settings import JobSettings
from engines.errors import Conflict, InvalidParameters, StorageFailed
from engines.storage.folder.storage import FolderStorage
from tests.batch.conftest import MakeConfig
from tests.batch.planning.test_plan import TEN, now

LONG = b"x" * 131_073
"""One past the longest cell that Python's reader of CSV takes."""


def read(folder: Path, name: str, content: bytes) -> list[ParsedRow]:
    (folder / name).write_bytes(content)
    return list(open_input(FileInput(path=name), folder).rows())


def told(rows: list[ParsedRow]) -> list[object]:
    """The prompt of each row, or its fault."""
    return [row.fault or row.parameters["prompt"] for row in rows]


# CSV


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"prompt,seed\na,1\n", ["a"]),
        (b"prompt,seed\r\na,1\r\n", ["a"]),
        (b"prompt,seed\ra,1\rb,2\r", ["a", "b"]),
        (b"\xef\xbb\xbfprompt\na\n", ["a"]),
        ("prompt,seed\na,1\n".encode("utf-16"), ["a"]),
        (b"\n\nprompt\n\na\n\n\nb", ["a", "b"]),
        (b'prompt,seed\n"a\r\nb, c",1\n', ["a\r\nb, c"]),
        (b'prompt\n"a ""quoted"" fox"\n', ['a "quoted" fox']),
        ("prompt\na\u2028b\n".encode(), ["a\u2028b"]),
        (b"", []),
        (b"prompt\n", []),
        (b"prompt,seed\n,\n", ["prompt is missing"]),
        (b"Prompt\na\n", ["prompt is missing"]),
        (b"prompt;seed\na;1\n", ["prompt is missing"]),
    ],
    ids=[
        *("lf", "crlf", "cr", "bom", "utf-16", "blank-lines", "multiline", "quotes", "u2028"),
        *("empty", "header-only", "blank-row", "upper-case", "semicolons"),
    ],
)
def test_a_table_of_any_program_is_read(
    content: bytes, expected: list[object], tmp_path: Path
) -> None:
    found = told(read(tmp_path, "rows.csv", content))
    assert [str(each).split(":")[0] for each in found] == expected


def test_a_quotation_mark_left_open_costs_its_row_and_not_the_job(tmp_path: Path) -> None:
    rows = read(tmp_path, "rows.csv", b'prompt\na\n"' + LONG + b"\nb\n")
    assert told(rows) == ["a", "a cell is too long: is a quotation mark left open?", "b"]


def test_two_cells_that_are_too_long_are_two_rows_in_the_plan(
    tmp_path: Path, storage: FolderStorage, make_config: MakeConfig
) -> None:
    (tmp_path / "rows.csv").write_bytes(b"prompt\n" + LONG + b"\n" + LONG + b"\na\n")
    source = open_input(FileInput(path="rows.csv"), tmp_path)
    plan = ensure_plan(storage, make_config(), source, now)
    rows = read_rows(storage, 0)
    assert plan.rows == len({row.row_id for row in rows}) == 3
    assert [row.fault is None for row in rows] == [False, False, True]


def test_a_cell_at_the_limit_is_a_cell(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "rows.csv", b"prompt\n" + LONG[1:] + b"\n")
    assert "prompt" in str(row.fault)


# Tables with a column twice: the second would silently win


def test_a_column_that_is_there_twice_ends_the_job_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameters, match="column twice: prompt"):
        read(tmp_path, "rows.csv", b"prompt,seed,prompt\na,1,b\n")
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["prompt", "prompt"])
    pq.write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(InvalidParameters, match="column twice: prompt"):
        list(open_input(FileInput(path="rows.parquet"), tmp_path).rows())


# Parquet


def parquet(folder: Path, table: pa.Table) -> list[ParsedRow]:
    pq.write_table(table, folder / "rows.parquet")
    return list(open_input(FileInput(path="rows.parquet"), folder).rows())


def test_a_value_that_python_has_not_costs_its_row_and_not_the_job(tmp_path: Path) -> None:
    moment = pa.timestamp("us")
    when = pa.array([0, 2**62, None], pa.int64()).cast(moment)
    rows = parquet(tmp_path, pa.table({"prompt": ["a", "b", "c"], "when": when}))
    assert told(rows) == ["unknown column when", "a value cannot be read", "c"]


def test_a_dictionary_of_prompts_is_prompts(tmp_path: Path) -> None:
    column = pa.array(["a", "b", "a"]).dictionary_encode()
    assert told(parquet(tmp_path, pa.table({"prompt": column}))) == ["a", "b", "a"]


def test_a_table_without_rows_has_none(tmp_path: Path) -> None:
    assert parquet(tmp_path, pa.table({"prompt": pa.array([], pa.string())})) == []


def test_rows_of_many_groups_come_in_order(tmp_path: Path) -> None:
    table = pa.table({"prompt": [f"bird {n}" for n in range(2050)]})
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=7)
    rows = list(open_input(FileInput(path="rows.parquet"), tmp_path).rows())
    assert told(rows) == [f"bird {n}" for n in range(2050)]


def test_a_damaged_file_is_read_or_refused_and_never_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"prompt": ["a bird"] * 200, "seed": range(200)}), path)
    sound, drawn = path.read_bytes(), random.Random(7)
    for _ in range(150):
        content = bytearray(sound)
        for _ in range(drawn.randint(1, 4)):
            content[drawn.randrange(len(content))] ^= drawn.randint(1, 255)
        path.write_bytes(bytes(content[: drawn.choice([None, drawn.randrange(len(content))])]))
        with suppress(InvalidParameters):
            list(open_input(FileInput(path="rows.parquet"), tmp_path).rows())


# JSON Lines and text


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"[" * 5000, "not JSON"),
        (b'{"prompt": "a", "seed": ' + b"9" * 30 + b"}", "seed"),
        (b'{"prompt": "a", "seed": 1e400}', "not JSON"),
        (b'{"prompt": "a", "seed": NaN}', "not JSON"),
        (b'{"prompt": "\\ud800"}', "not JSON"),
        (b'{"prompt": "a"} {"prompt": "b"}', "not JSON"),
        (b"null", "neither an object nor a prompt"),
        (b"3", "neither an object nor a prompt"),
    ],
    ids=["deep", "digits", "overflow", "nan", "surrogate", "two", "null", "number"],
)
def test_a_line_that_is_no_row_costs_nothing_else(line: bytes, fault: str, tmp_path: Path) -> None:
    first, second = read(tmp_path, "rows.jsonl", line + b'\n{"prompt": "b"}')
    assert str(first.fault).startswith(fault)
    assert told([second]) == ["b"]


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"], ids=ascii)
def test_a_prompt_may_hold_what_python_calls_a_line_end(mark: str, tmp_path: Path) -> None:
    assert told(read(tmp_path, "p.txt", f"a{mark}b\nc\r\n".encode())) == [f"a{mark}b", "c"]
    assert told(read(tmp_path, "p.txt", f"a{mark}b\nc\r\n".encode("utf-16"))) == [f"a{mark}b", "c"]


# Files of the job


@pytest.mark.parametrize(
    "text",
    ["a: 2024-13-45", "a: " + "9" * 5000, "[" * 500, "? [1]\n: 2", "a: !!python/name:os.getcwd"],
    ids=["date", "digits", "deep", "key", "code"],
)
def test_a_file_that_yaml_stumbles_over_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(text)
    for load in (load_config, load_declaration):
        with pytest.raises(InvalidParameters, match="must be a readable YAML file"):
            load(path)


def test_a_file_with_a_key_twice_is_told_its_name_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text("name: a\nshards: 3\nname: b\n")
    for load in (load_config, load_declaration):
        with pytest.raises(InvalidParameters, match=r"'name' twice .* \(lines 1 and 3\)"):
            load(path)


def test_a_line_with_a_key_twice_costs_its_row(tmp_path: Path) -> None:
    lines = '{"prompt": "a", "prompt": "b"}\n{"prompt": "a: b", "labels": {"n": "1:2"}}\n'
    lines += '{"prompt": "a", "labels": {"n": "1", "n": "2"}}\n'
    rows = read(tmp_path, "p.jsonl", lines.encode())
    assert [row.fault for row in rows] == ["the key 'prompt' twice", None, "the key 'n' twice"]


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("/", "/"),
        ("/out/", "/out"),
        ("/out//", "/out"),
        ("s3://bucket/", "s3://bucket"),
        ("s3://bucket/a//", "s3://bucket/a"),
    ],
)
def test_a_slash_at_the_end_of_a_root_changes_nothing(
    root: str, expected: str, tmp_path: Path
) -> None:
    assert JobSettings().absolute(root, tmp_path) == expected


# A plan that somebody damaged


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"name": 3}'])
def test_an_output_with_a_damaged_plan_is_not_written_over(
    content: bytes, storage: FolderStorage, make_config: MakeConfig
) -> None:
    ensure_plan(storage, make_config(), TEN, now)
    storage.replace("_state/plan.json", content)
    with pytest.raises(Conflict, match=r"_state/plan\.json of the output cannot be read"):
        ensure_plan(storage, make_config(), TEN, lambda: datetime(2027, 1, 1, tzinfo=UTC))
    assert storage.read("_state/plan.json") == content


@pytest.mark.parametrize("content", [b"{\n", b"[1]\n", b"3\n", b"\xff\n"])
def test_damaged_rows_are_trouble_of_the_storage(
    content: bytes, storage: FolderStorage, make_config: MakeConfig
) -> None:
    ensure_plan(storage, make_config(), TEN, now)
    storage.replace("_state/plan/000001.jsonl", content)
    with pytest.raises(StorageFailed, match="000001"):
        read_rows(storage, 1)
    assert len(read_rows(storage, 0)) == 4
    assert Plan.load(storage) is not None
