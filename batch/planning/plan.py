"""The plan of a job: all rows with their ids, divided into shards. Written once, and not changed.

Ids and shards depend only on the input, so another submission uses the same plan, and the records
of shards tell which are finished. To plan, all rows are read in order, because the id of a row
depends on the number of equal rows before it. These numbers are in a temporary database, so memory
does not grow with the input.
"""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from pydantic import Field, ValidationError

from batch.output.layout import PLAN, plan_key
from batch.planning.rows import ParsedRow, PlannedRow, canonical, make_row_id
from engines.datasets.labels import LabelCounts
from engines.errors import Conflict, InvalidParameters, NotFound, StorageFailed
from engines.types.frozen import FrozenModel

if TYPE_CHECKING:
    from batch.config import JobConfig
    from engines.protocols import Storage

UtcClock = Callable[[], datetime]


class RowSource(Protocol):
    """An input from which a plan is made."""

    def digest(self) -> str:
        """SHA-256, hex, of the input."""

    def rows(self) -> Iterator[ParsedRow]:
        """All rows, in order."""


class Plan(FrozenModel):
    """A plan without its rows, which are in separate files per shard."""

    name: str
    rows: int
    shards: int
    created_at: datetime
    """Also the time in all recipes, so that a shard that is made again is the same."""
    identity: dict[str, str]
    """Section of the job's config to a hash of everything in it that affects the dataset."""
    labels: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Label to its values in all rows, in the order of their class numbers."""

    @classmethod
    def load(cls, storage: Storage) -> Self | None:
        """The plan in this output; None if there is none.

        Raises:
            Conflict: the file is not a plan.
        """
        try:
            return cls.model_validate_json(storage.read(PLAN))
        except NotFound:
            return None
        except ValidationError:
            raise Conflict(f"{PLAN} of the output cannot be read: choose another root") from None


def ensure_plan(storage: Storage, config: JobConfig, source: RowSource, clock: UtcClock) -> Plan:
    """The plan in the output; if there is none, a new one is written. Blocks.

    Raises:
        Conflict: the output belongs to another job; the message names the differing sections.
        InvalidParameters: the input has no rows.
    """
    identity = job_identity(config, source.digest())
    found = Plan.load(storage)
    if found is None:
        return _make_plan(storage, config, source, identity, clock())
    differing = sorted(k for k in identity if found.identity.get(k) != identity[k])
    if differing:
        raise Conflict(
            f"The output holds another job ({', '.join(differing)} differ): choose another root"
        )
    return found


def read_rows(storage: Storage, shard: int) -> tuple[PlannedRow, ...]:
    """The rows of one shard, in order.

    Raises:
        StorageFailed: the file is damaged.
    """
    try:
        lines = storage.read(plan_key(shard)).splitlines()
        return tuple(PlannedRow.from_json(line) for line in lines)
    except (ValueError, TypeError) as error:
        raise StorageFailed(f"{plan_key(shard)} of the output cannot be read") from error


def job_identity(config: JobConfig, input_digest: str) -> dict[str, str]:
    """Section of the config to a hash of what affects the dataset; resources are not included."""
    said = config.model_dump(mode="json")
    keep = said["input"].get("keep_columns", [])
    parts = {
        "input": [input_digest, keep],
        "name": said["name"],
        "output": [said["output"]["format"], said["output"]["shard_rows"]],
        "models": said["engine"]["models"],
        "defaults": said["defaults"],
        "checks": said["checks"],
        "tries": said["tries"]["images"],
        "compare_profile": said["compare_profile"],
    }
    return {name: hashlib.sha256(canonical(part)).hexdigest() for name, part in parts.items()}


def identified(rows: Iterator[ParsedRow]) -> Iterator[PlannedRow]:
    """The rows with their ids. Memory does not grow with the input."""
    with _occurrences() as count:
        for index, row in enumerate(rows):
            row_id = make_row_id(row.content, count(row.content))
            yield PlannedRow(row_id, index, row.parameters, row.kept, row.fault)


def _make_plan(
    storage: Storage,
    config: JobConfig,
    source: RowSource,
    identity: dict[str, str],
    created_at: datetime,
) -> Plan:
    rows, shards, labels = 0, 0, LabelCounts()
    for chunk in _chunks(identified(source.rows()), config.output.shard_rows):
        storage.replace(plan_key(shards), b"".join(row.to_json() for row in chunk))
        rows, shards = rows + len(chunk), shards + 1
        for row in chunk:
            labels.add(row.labels)
    if not rows:
        raise InvalidParameters.of("input", None, "at least one row", "must hold at least one row")
    plan = Plan(
        name=config.name,
        rows=rows,
        shards=shards,
        created_at=created_at,
        identity=identity,
        labels=dict(labels.classes()),
    )
    storage.replace(PLAN, plan.model_dump_json(indent=1).encode())
    return plan


def _chunks(rows: Iterator[PlannedRow], size: int) -> Iterator[Sequence[PlannedRow]]:
    chunk: list[PlannedRow] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


@contextmanager
def _occurrences() -> Iterator[Callable[[bytes], int]]:
    """A function that returns how often it was called with the same content before. It uses a
    temporary database on disk."""
    with tempfile.TemporaryDirectory(prefix="plan-") as folder:
        path = Path(folder) / "seen.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.executescript(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                "CREATE TABLE seen (content BLOB PRIMARY KEY, times INT) WITHOUT ROWID; BEGIN;"
            )

            def count(content: bytes) -> int:
                cursor = database.execute(
                    "INSERT INTO seen VALUES (?, 0) ON CONFLICT (content) "
                    "DO UPDATE SET times = times + 1 RETURNING times",
                    (hashlib.sha256(content).digest()[:16],),
                )
                return int(cursor.fetchone()[0])

            yield count
