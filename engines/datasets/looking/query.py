"""Translate filters and sort orders to SQL, and rows to images."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from engines.datasets.looking.rows import COLUMNS, from_microseconds
from engines.errors import InvalidParameters
from engines.types.datasets.looking import Review, SeenImage, SeenVerdict
from engines.types.datasets.reports import Factor

if TYPE_CHECKING:
    from engines.types.datasets.looking import ImageFilter, ImageQuery, SortBy

_SORTED_BY: dict[SortBy, str] = {
    "created": "created",
    "score": "score",
    "rating": "rating",
    "seed": "seed",
}
_LAST = 9e99
"""Sort value of images without a value, which come last in both directions."""
_SHOWN = ", ".join(f"i.{name}" for name in COLUMNS)
_INTEGERS = range(-(2**63), 2**63)
"""The integers that SQLite can store."""
_VERDICT_SQL = {"passed": "= 1", "failed": "= 0", "unchecked": "IS NULL"}


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a query, with the values for its question marks."""

    sql: str
    values: tuple[Any, ...] = ()


def where(wanted: ImageFilter) -> Clause:
    """The condition after WHERE, for the table `images` with the alias `i`."""
    clauses = [
        *(_has_label(name, values) for name, values in wanted.labels.items()),
        *(_has_tag(tag) for tag in wanted.tags),
    ]
    if wanted.quality is not None:
        clauses.append(Clause(f"i.quality {_VERDICT_SQL[wanted.quality]}"))
    if wanted.privacy is not None:
        clauses.append(Clause(f"i.privacy {_VERDICT_SQL[wanted.privacy]}"))
    if wanted.prompt:
        clauses.append(Clause("instr(i.folded, ?) > 0", (wanted.prompt.casefold(),)))
    if wanted.decision is not None:
        decision = None if wanted.decision == "undecided" else wanted.decision
        clauses.append(Clause("i.decision IS ?", (decision,)))
    if wanted.cluster is not None:
        clauses.append(_in_cluster(wanted.cluster))
    bounds = (
        ("i.seed = ?", wanted.seed),
        ("i.score >= ?", wanted.min_score),
        ("i.score <= ?", wanted.max_score),
        ("i.rating >= ?", wanted.min_rating),
        ("i.rating <= ?", wanted.max_rating),
    )
    clauses += [Clause(sql, (value,)) for sql, value in bounds if value is not None]
    return _joined(clauses)


def page_query(query: ImageQuery, meets: Clause) -> Clause:
    """The query for a page's rows, and one more row if there is a next page. Each row has
    `COLUMNS`, the cluster and the sort value.

    Raises:
        InvalidParameters: the cursor is not valid, or is of another sort order.
    """
    value = f"COALESCE(i.{_SORTED_BY[query.sort]}, {-_LAST if query.descending else _LAST})"
    if query.sort == "created":  # never missing: the plain column has an index
        value = "i.created"
    direction, sign = ("DESC", "<") if query.descending else ("ASC", ">")
    clauses = [meets]
    if query.cursor is not None:
        clauses.append(Clause(f"({value}, i.id) {sign} (?, ?)", _read_cursor(query)))
    found = _joined(clauses)
    sql = (
        f"SELECT {_SHOWN}, c.cluster, {value} FROM images i LEFT JOIN clusters c ON c.id = i.id "
        f"WHERE {found.sql} ORDER BY {value} {direction}, i.id {direction} LIMIT ?"
    )
    return Clause(sql, (*found.values, query.limit + 1))


def cursor_after(query: ImageQuery, row: Sequence[Any]) -> str:
    """The cursor of the page that begins after `row`."""
    parts = orjson.dumps([query.sort, query.descending, row[-1], row[COLUMNS.index("id")]])
    return base64.urlsafe_b64encode(parts).rstrip(b"=").decode()


def _read_cursor(query: ImageQuery) -> tuple[float, str]:
    text = query.cursor or ""
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        sort, descending, value, image_id = parts
    except (ValueError, TypeError, binascii.Error):
        sort = descending = value = image_id = None
    is_number = isinstance(value, float) or (isinstance(value, int) and value in _INTEGERS)
    is_ours = is_number and isinstance(image_id, str)
    if not is_ours or (sort, descending) != (query.sort, query.descending):
        constraint = "`next_cursor` of a page with the same sort and order"
        raise InvalidParameters.of("cursor", text[:100], constraint, f"must be {constraint}")
    return value, image_id


def image_of(folder: str, row: Sequence[Any]) -> SeenImage:
    """The image of a row that `page_query` found."""
    found = dict(zip(COLUMNS, row, strict=False))
    moment = found["reviewed"]
    return SeenImage(
        key=f"{folder}/{found['name']}",
        image_id=found["id"],
        created_at=from_microseconds(found["created"]),
        size_bytes=found["size"],
        width=found["width"],
        height=found["height"],
        prompt=found["prompt"],
        negative_prompt=found["negative"],
        seed=found["seed"],
        served_model=found["model"],
        labels=orjson.loads(found["labels"]),
        quality=_verdict(found["quality"], found["score"], found["quality_why"]),
        privacy=_verdict(found["privacy"], found["privacy_score"], found["privacy_why"]),
        review=Review(
            rating=found["rating"],
            tags=tuple(orjson.loads(found["tags"])),
            decision=found["decision"],
            reviewer=found["reviewer"],
            reviewed_at=None if moment is None else from_microseconds(moment),
        ),
        cluster=row[len(COLUMNS)],
    )


def _verdict(passed: int | None, score: float, why: str) -> SeenVerdict | None:
    if passed is None:
        return None
    factors = tuple(Factor.model_validate(each) for each in orjson.loads(why))
    return SeenVerdict(bool(passed), score, factors)


def _has_label(name: str, values: Sequence[str]) -> Clause:
    marks = ", ".join("?" * len(values))
    inner = f"SELECT number FROM labels WHERE name = ? AND value IN ({marks})"
    return Clause(f"i.number IN ({inner})", (name, *values))


def _has_tag(tag: str) -> Clause:
    return Clause("i.number IN (SELECT number FROM tags WHERE tag = ?)", (tag,))


def _in_cluster(image_id: str) -> Clause:
    own = "SELECT cluster FROM clusters WHERE id = ?"
    inner = f"SELECT id FROM clusters WHERE cluster = ({own})"
    return Clause(f"(i.id = ? OR i.id IN ({inner}))", (image_id, image_id))


def _joined(clauses: Sequence[Clause]) -> Clause:
    sql = " AND ".join(clause.sql for clause in clauses if clause.sql) or "1"
    return Clause(sql, tuple(value for clause in clauses for value in clause.values))
