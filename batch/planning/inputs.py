"""Read a job's input row by row: JSONL, CSV, Parquet, plain text, or a template grid."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from batch.config import FileInput, GridInput
from batch.planning.grid import expand
from batch.planning.rows import ParsedRow, canonical, parse_row, unreadable_row
from engines.errors import InvalidParameters
from engines.storage.opening import open_storage
from engines.types.unique_keys import DuplicateKey, read_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from engines.protocols import Storage

_UTF16 = "utf-16"
_FORMATS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".txt": "text",
}
_PARQUET_ROWS = 1024
_HASH_BYTES = 2**20


class InputFile:
    """One file of prompts, in a folder or a bucket."""

    def __init__(self, config: FileInput, storage: Storage, key: str) -> None:
        self._storage, self._key = storage, key
        self._read = _READERS[_format_of(config)]
        self._kept = frozenset(config.keep_columns)

    def digest(self) -> str:
        """SHA-256, hex, of the file."""
        found = hashlib.sha256()
        with self._storage.open(self._key) as file:
            while block := file.read(_HASH_BYTES):
                found.update(block)
        return found.hexdigest()

    def rows(self) -> Iterator[ParsedRow]:
        """All rows, in order; a record that cannot be read is a row with a fault.

        Memory does not grow with the file.

        Raises:
            InvalidParameters: the file as a whole is not of its format.
        """
        with self._storage.open(self._key) as file:
            yield from self._read(file, self._kept)


class InputGrid:
    """A template grid as an input."""

    def __init__(self, config: GridInput) -> None:
        self._config = config

    def digest(self) -> str:
        """SHA-256, hex, of the grid's definition."""
        return hashlib.sha256(canonical(self._config.model_dump(mode="json"))).hexdigest()

    def rows(self) -> Iterator[ParsedRow]:
        for record in expand(self._config):
            yield parse_row(record, frozenset())


def open_input(
    config: FileInput | GridInput, cwd: Path, s3_endpoint_url: str | None = None
) -> InputFile | InputGrid:
    """Open the input that the config names; relative paths are relative to `cwd`. Raises
    `InvalidParameters`."""
    if isinstance(config, GridInput):
        return InputGrid(config)
    path = config.path if "://" in config.path else str((cwd / config.path).absolute())
    folder, _, name = path.rpartition("/")
    if "://" not in path and not Path(path).is_file():
        raise InvalidParameters.of("input.path", config.path, "a file", "must be an existing file")
    return InputFile(config, open_storage(folder or "/", s3_endpoint_url), name)


def _format_of(config: FileInput) -> str:
    if config.format != "auto":
        return config.format
    suffix = PurePosixPath(config.path).suffix.lower()
    if suffix not in _FORMATS:
        constraint = f"one of {', '.join(_FORMATS)}, or input.format"
        raise InvalidParameters.of(
            "input.path", config.path, constraint, f"must end in {constraint}"
        )
    return _FORMATS[suffix]


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines in UTF-8, without a byte order mark at the beginning."""
    encoding = _encoding(file)
    if encoding == _UTF16:
        with io.TextIOWrapper(file, encoding, "replace") as text:
            yield from (line.encode() for line in text)
        return
    for index, line in enumerate(file):
        yield line if index else line.removeprefix(codecs.BOM_UTF8)


def _encoding(file: BinaryIO) -> str:
    """The encoding, from the first two bytes: UTF-16 (as PowerShell's `>` writes) or else UTF-8."""
    start = file.read(2)
    file.seek(0)
    return _UTF16 if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def _jsonl(file: BinaryIO, kept: frozenset[str]) -> Iterator[ParsedRow]:
    for line in _lines(file):
        raw = line.strip()
        if not raw:
            continue
        try:
            record = orjson.loads(raw)
        except orjson.JSONDecodeError:
            yield unreadable_row(raw, "not JSON")
            continue
        twice = _key_given_twice(raw, record)
        if twice is not None:
            yield unreadable_row(raw, f"the key {twice!r} twice")
            continue
        if isinstance(record, dict):
            yield parse_row(record, kept)
        elif isinstance(record, str):
            yield parse_row({"prompt": record}, kept)
        else:
            yield unreadable_row(raw, "neither an object nor a prompt")


def _key_given_twice(raw: bytes, record: object) -> str | None:
    """A key that an object in the line has twice; None if there is none.

    `orjson` silently keeps the last of two values. A line with no more colons than keys has
    no duplicates, so most lines need no second parser.
    """
    if not isinstance(record, dict) or raw.count(b":") <= len(record):
        return None
    try:
        read_json(raw)
    except DuplicateKey as error:
        return error.key
    return None


def _csv(file: BinaryIO, kept: frozenset[str]) -> Iterator[ParsedRow]:
    encoding = _encoding(file)
    errors = "replace" if encoding == _UTF16 else "surrogateescape"
    with io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="") as text:
        cells = _csv_cells(csv.reader(text))
        header = next(cells, None) or []
        _check_columns(header)
        for row in cells:
            if row is None:
                yield unreadable_row(b"", "a cell is too long: is a quotation mark left open?")
            elif len(row) != len(header):
                raw = ascii(row).encode()
                yield unreadable_row(raw, "more or fewer cells than the header")
            else:
                yield parse_row(dict(zip(header, row, strict=True)), kept)


def _csv_cells(rows: Iterator[list[str]]) -> Iterator[list[str] | None]:
    """The cells of every line that is not empty; None for a line that cannot be read."""
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield None
            continue
        if row:
            yield row


def _check_columns(names: Sequence[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        reason = f"must not have a column twice: {twice[0][:80]}"
        raise InvalidParameters.of("input.path", None, "columns of different names", reason)


def _text(file: BinaryIO, kept: frozenset[str]) -> Iterator[ParsedRow]:
    for line in _lines(file):
        raw = line.strip()
        if not raw:
            continue
        try:
            yield parse_row({"prompt": raw.decode("utf-8")}, kept)
        except UnicodeDecodeError:
            yield unreadable_row(raw, "not UTF-8")


def _parquet(file: BinaryIO, kept: frozenset[str]) -> Iterator[ParsedRow]:
    try:
        table = pq.ParquetFile(file)
        _check_columns(table.schema_arrow.names)
        for batch in table.iter_batches(batch_size=_PARQUET_ROWS):
            for record in _parquet_records(batch):
                if record is None:
                    yield unreadable_row(b"", "a value cannot be read")
                else:
                    yield parse_row(record, kept)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # not all are Arrow's own
        reason = f"must be a Parquet file: {type(error).__name__}"
        raise InvalidParameters.of("input.path", None, "Parquet", reason) from None


def _parquet_records(batch: pa.RecordBatch) -> Iterator[dict[str, object] | None]:
    """All rows; None for a row with a value that Python cannot represent, such as a year after
    9999 or text that is not UTF-8."""
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError):
        if len(batch) == 1:
            yield None
            return
        for index in range(len(batch)):
            yield from _parquet_records(batch.slice(index, 1))


_READERS: dict[str, Callable[[BinaryIO, frozenset[str]], Iterator[ParsedRow]]] = {
    "jsonl": _jsonl,
    "csv": _csv,
    "text": _text,
    "parquet": _parquet,
}
