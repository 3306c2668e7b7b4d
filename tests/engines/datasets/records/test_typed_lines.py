"""A reader that looks only at the beginning of a table learns the type of every column."""

from __future__ import annotations

import io

import orjson

from engines.datasets.records.record import Record
from engines.datasets.records.schema import Column
from engines.datasets.records.typed_lines import TypedLines

COLUMNS = (
    Column("id", "string", ""),
    Column("prompt", "string", ""),
    Column("notes", "strings", ""),
    Column("quality", "json", "", fields=(Column("score", "float64", ""),)),
)


def a_record(number: int, **known: object) -> Record:
    empty: Record = {"id": str(number), "prompt": None, "notes": [], "quality": None}
    return empty | known  # type: ignore[return-value]


def arranged(records: list[Record], looked_at_bytes: int) -> list[Record]:
    file = io.BytesIO()
    lines = TypedLines(file, COLUMNS, looked_at_bytes)
    for record in records:
        lines.add(record)
    lines.arrange()
    return [orjson.loads(line) for line in file.getvalue().splitlines()]


def test_the_first_record_of_every_column_comes_to_the_top() -> None:
    records = [a_record(n) for n in range(100)]
    records[70] = a_record(70, prompt="a fox", quality={"score": 0.5})
    records[90] = a_record(90, prompt="a cat", notes=["late"])
    ids = [row["id"] for row in arranged(records, 1000)]
    assert ids[:3] == ["0", "70", "90"]
    assert sorted(map(int, map(str, ids))) == list(range(100))
    assert ids[3:] == [str(n) for n in range(1, 100) if n not in (70, 90)]


def test_a_table_whose_types_show_early_keeps_its_order() -> None:
    records = [a_record(0), a_record(1, prompt="p", notes=["n"], quality={"score": 1.0})]
    records += [a_record(n) for n in range(2, 100)]
    assert [row["id"] for row in arranged(records, 1000)] == [str(n) for n in range(100)]


def test_nothing_at_all_is_fine() -> None:
    assert arranged([], 10) == []
