"""Counts of the images that match a filter."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engines.types.datasets.labels import MAX_CLASSES
from engines.types.datasets.looking import MAX_RATING, ImagesSummary

if TYPE_CHECKING:
    from engines.datasets.looking.query import Clause


def count(database: sqlite3.Connection, meets: Clause) -> int:
    """The number of images that match `meets`."""
    found = database.execute(f"SELECT COUNT(*) FROM images i WHERE {meets.sql}", meets.values)
    return int(found.fetchone()[0])


def summarize(database: sqlite3.Connection, meets: Clause, clustered: bool) -> ImagesSummary:
    """Counts of the images that match `meets`.

    `clustered`: whether a report searched for near-duplicates.
    """

    def counted(what: str, tables: str = "images i") -> Counter[object]:
        sql = f"SELECT {what}, COUNT(*) FROM {tables} WHERE {meets.sql} GROUP BY 1"
        return Counter(dict(database.execute(sql, meets.values)))

    def verdicts(kind: str) -> Mapping[str, int]:
        found = counted(f"i.{kind}")
        return {"passed": found[1], "failed": found[0], "unchecked": found[None]}

    decisions, ratings = counted("i.decision"), counted("i.rating")
    alike = "images i JOIN clusters c ON c.id = i.id"
    return ImagesSummary(
        total=count(database, meets),
        quality=verdicts("quality"),
        privacy=verdicts("privacy"),
        decisions={
            "accepted": decisions["accepted"],
            "rejected": decisions["rejected"],
            "undecided": decisions[None],
        },
        ratings={rating: ratings[rating] for rating in range(MAX_RATING + 1)},
        labels=_labels(database, meets),
        tags={
            str(tag): count
            for tag, count in sorted(
                counted("t.tag", "images i JOIN tags t ON t.number = i.number").items(),
                key=lambda each: (-each[1], str(each[0])),
            )
        },
        near_duplicates=sum(counted("c.cluster", alike).values()) if clustered else None,
    )


def _labels(database: sqlite3.Connection, meets: Clause) -> dict[str, dict[str, int]]:
    sql = (
        "SELECT l.name, l.value, COUNT(*) FROM images i JOIN labels l ON l.number = i.number "
        f"WHERE {meets.sql} GROUP BY 1, 2 ORDER BY 1, 2"
    )
    found: dict[str, dict[str, int]] = {}
    for name, value, count in database.execute(sql, meets.values):
        found.setdefault(name, {})[value] = count
    return {name: values for name, values in found.items() if len(values) <= MAX_CLASSES}
