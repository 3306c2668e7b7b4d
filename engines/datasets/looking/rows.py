"""Create and write the SQLite database of one dataset's images."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from engines.datasets.factors import failing_factors
from engines.datasets.records.record import created_at
from engines.datasets.store.layout import stem_of
from engines.datasets.store.temporary import temporary_database
from engines.types.datasets.looking import Review

if TYPE_CHECKING:
    from engines.datasets.recipes.recipe import Recipe
    from engines.datasets.records.facts import FileFacts
    from engines.datasets.records.reading import DatasetRecord
    from engines.datasets.sidecars.descriptions import Description
    from engines.datasets.sidecars.reviews import KeptReview
    from engines.datasets.sidecars.verdict import Verdict
    from engines.errors import JsonValue
    from engines.types import ObjectStat

COLUMNS = (
    *("number", "id", "name", "created", "size", "width", "height"),
    *("prompt", "negative", "seed", "model", "labels"),
    *("quality", "score", "quality_why", "privacy", "privacy_score", "privacy_why"),
    *("rating", "decision", "tags", "reviewer", "reviewed"),
)
_TABLES = """
CREATE TABLE images (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE, name TEXT UNIQUE, created INT, size INT,
    width INT, height INT, prompt TEXT, folded TEXT, negative TEXT, seed INT, model TEXT,
    labels TEXT DEFAULT '{}',
    quality INT, score REAL, quality_why TEXT, quality_stamp TEXT DEFAULT '',
    privacy INT, privacy_score REAL, privacy_why TEXT, privacy_stamp TEXT DEFAULT '',
    rating INT DEFAULT 0, decision TEXT, tags TEXT DEFAULT '[]', reviewer TEXT, reviewed INT,
    review_stamp TEXT DEFAULT '');
CREATE INDEX by_time ON images (created, id);
CREATE TABLE labels (name TEXT, value TEXT, number INT, PRIMARY KEY (name, value, number))
    WITHOUT ROWID;
CREATE TABLE tags (tag TEXT, number INT, PRIMARY KEY (tag, number)) WITHOUT ROWID;
CREATE TABLE clusters (id TEXT PRIMARY KEY, cluster TEXT) WITHOUT ROWID;
"""
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def empty_database() -> sqlite3.Connection:
    """A new temporary database (`engines.datasets.store.temporary`)."""
    return temporary_database(_TABLES)


class ImageRows:
    """Writes to the database. `add` is for images that are not in it yet. The other methods apply
    index lines. A verdict or review that is older than the stored one is ignored."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add(self, record: DatasetRecord) -> None:
        """Add an image with its recipe, verdicts and review."""
        number = self._insert(record.name, record.image_id, record.stat.size_bytes)
        self._set(number, created=to_microseconds(created_at(record)))
        if record.recipe is not None:
            self._set_recipe(number, record.recipe)
        else:
            if record.facts is not None:
                self._set(number, width=record.facts.width, height=record.facts.height)
            self._set_told(number, record.prompt, record.labels)
        for verdict in filter(None, (record.quality, record.privacy)):
            self._set_verdict(number, verdict)
        if record.review is not None:
            self._set_review(number, record.review, "")

    def made(self, name: str, recipe: Recipe, size_bytes: int) -> None:
        """Note that a generated image was stored. May be called again for the same image."""
        number = self._number(name)
        if number is None:
            number = self._insert(name, stem_of(name), size_bytes)
        self._set(number, created=to_microseconds(recipe.created_at))
        self._set_recipe(number, recipe)

    def uploaded(self, name: str, said: Description, stat: ObjectStat) -> None:
        """Note that an uploaded image was stored, or that its description was changed."""
        number = self._number(name)
        if number is None:
            number = self._insert(name, stem_of(name), stat.size_bytes)
            self._set(number, created=to_microseconds(stat.modified_at))
        if said.file_name == name.rpartition("/")[2]:
            self._set_told(number, said.prompt, said.labels)

    def measured(self, name: str, facts: FileFacts) -> None:
        """Store what was read from the file of an uploaded image."""
        number = self._number(name)
        if number is not None:
            self._set(number, width=facts.width, height=facts.height)

    def judged(self, name: str, verdict: Verdict) -> None:
        """Store a verdict, unless the database has a newer one."""
        number = self._number(name)
        is_its = verdict.file_name == name.rpartition("/")[2]
        if number is not None and is_its:
            self._set_verdict(number, verdict)

    def reviewed(self, name: str, kept: KeptReview, stamp: str) -> None:
        """Store a review, unless the database has a newer one."""
        number = self._number(name)
        if number is not None and kept.file_name == name.rpartition("/")[2]:
            self._set_review(number, kept.review, stamp)

    def remove(self, name: str) -> None:
        """Remove an image."""
        number = self._number(name)
        if number is not None:
            for table in ("images", "labels", "tags"):
                self._database.execute(f"DELETE FROM {table} WHERE number = ?", (number,))

    def set_clusters(self, clusters: Iterable[tuple[str, str]]) -> None:
        """Replace the clusters: id of an image to the id that stands for its cluster."""
        self._database.execute("DELETE FROM clusters")
        insert = "INSERT OR REPLACE INTO clusters VALUES (?, ?)"
        self._database.executemany(insert, clusters)

    def _number(self, name: str) -> int | None:
        found = self._database.execute("SELECT number FROM images WHERE name = ?", (name,))
        row = found.fetchone()
        return None if row is None else int(row[0])

    def _insert(self, name: str, image_id: str, size_bytes: int) -> int:
        """Insert a row. If the id is in use, the image's name is its id, as in the catalog."""
        insert = "INSERT INTO images (id, name, size) VALUES (?, ?, ?)"
        try:
            cursor = self._database.execute(insert, (image_id, name, size_bytes))
        except sqlite3.IntegrityError:
            cursor = self._database.execute(insert, (name, name, size_bytes))
        return int(cursor.lastrowid or 0)

    def _set(self, number: int, **values: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in values)
        update = f"UPDATE images SET {names} WHERE number = ?"
        self._database.execute(update, (*values.values(), number))

    def _set_recipe(self, number: int, recipe: Recipe) -> None:
        self._set(
            number,
            width=recipe.parameters.width,
            height=recipe.parameters.height,
            negative=recipe.negative_prompt,
            seed=recipe.parameters.seed,
            model=recipe.served_model,
        )
        self._set_told(number, recipe.prompt, recipe.labels)

    def _set_told(self, number: int, prompt: str | None, labels: Mapping[str, str]) -> None:
        folded = None if prompt is None else prompt.casefold()
        self._set(number, prompt=prompt, folded=folded, labels=_json(dict(labels)))
        self._database.execute("DELETE FROM labels WHERE number = ?", (number,))
        rows = [(name, value, number) for name, value in labels.items()]
        self._database.executemany("INSERT INTO labels VALUES (?, ?, ?)", rows)

    def _set_verdict(self, number: int, verdict: Verdict) -> None:
        is_quality = verdict.kind == "quality"
        factors = failing_factors(verdict, None) if is_quality else failing_factors(None, verdict)
        why = _json([factor.model_dump() for factor in factors])
        score, stamp = ("score" if is_quality else "privacy_score"), verdict.judged_at.isoformat()
        update = (
            f"UPDATE images SET {verdict.kind} = ?, {score} = ?, {verdict.kind}_why = ?, "
            f"{verdict.kind}_stamp = ? WHERE number = ? AND {verdict.kind}_stamp <= ?"
        )
        values = (verdict.passed, float(verdict.score), why, stamp, number, stamp)
        self._database.execute(update, values)

    def _set_review(self, number: int, review: Review, stamp: str) -> None:
        when = review.reviewed_at
        update = (
            "UPDATE images SET rating = ?, decision = ?, tags = ?, reviewer = ?, reviewed = ?, "
            "review_stamp = ? WHERE number = ? AND review_stamp <= ?"
        )
        tags, moment = _json([*review.tags]), to_microseconds(when) if when else None
        values = (review.rating, review.decision, tags, review.reviewer, moment, stamp, number)
        if self._database.execute(update, (*values, stamp)).rowcount:
            self._database.execute("DELETE FROM tags WHERE number = ?", (number,))
            rows = [(tag, number) for tag in review.tags]
            self._database.executemany("INSERT INTO tags VALUES (?, ?)", rows)


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC, without rounding errors."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The inverse of `to_microseconds`."""
    return _EPOCH + value * _MICROSECOND


def _json(value: JsonValue | list[Any]) -> str:
    return orjson.dumps(value).decode()
