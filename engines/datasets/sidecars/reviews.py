"""The review of an image, in the file `<image>.review.json`."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from engines.datasets.sidecars.moments import moment_of
from engines.datasets.store.layout import dataset_of, is_image, review_key
from engines.errors import Conflict, InvalidParameters, NotFound
from engines.protocols import StopCheck, never_stopped
from engines.types.datasets.looking import MAX_RATING, MAX_TAGS, Review, ReviewChange

if TYPE_CHECKING:
    from engines.datasets.store.store import DatasetStore
    from engines.protocols import Storage

REVIEW_SCHEMA = "inferloop.review/1"
_TOGETHER = 16
"""Images of one call that are read and written at the same time. Most of the time each waits for
the disk or the bucket."""
_ATTEMPTS = 20
"""Attempts to write a review that other requests change at the same time."""


@dataclass(frozen=True, slots=True)
class KeptReview:
    """A review, with the name of the image file, because two images may have the same name without
    suffix."""

    file_name: str
    review: Review

    def to_json(self) -> bytes:
        """One line of UTF-8 JSON."""
        review = self.review
        return orjson.dumps(
            {
                "schema": REVIEW_SCHEMA,
                "file_name": self.file_name,
                "rating": review.rating,
                "tags": review.tags,
                "decision": review.decision,
                "reviewer": review.reviewer,
                "reviewed_at": review.reviewed_at,
            }
        )

    @classmethod
    def from_dict(cls, found: object) -> KeptReview:
        """The review in parsed JSON. Raises `ValueError` if it is not one."""
        if not isinstance(found, dict) or found.get("schema") != REVIEW_SCHEMA:
            raise ValueError("not a review of ours")
        values: tuple[Any, ...] = tuple(found.get(name) for name in _FIELDS)
        if not all(isinstance(v, t) for v, t in zip(values, _TYPES, strict=True)):
            raise ValueError("review has a field of another type")
        name, rating, tags, decision, reviewer, when = values
        in_bounds = type(rating) is int and 0 <= rating <= MAX_RATING
        if not in_bounds or decision not in ("accepted", "rejected", None):
            raise ValueError("review has a field out of its bounds")
        moment = None if when is None else moment_of(when)
        each_once = tuple(dict.fromkeys(map(str, tags)))
        return cls(name, Review(rating, each_once, decision, reviewer, moment))


_FIELDS = ("file_name", "rating", "tags", "decision", "reviewer", "reviewed_at")
_TYPES: tuple[Any, ...] = (str, int, list, str | None, str | None, str | None)


def changed(review: Review, change: ReviewChange) -> Review:
    """The review after the change, with reviewer and time unchanged.

    Raises:
        InvalidParameters: the image would have more than `MAX_TAGS` tags.
    """
    tags = {*review.tags, *change.add_tags} - {*change.remove_tags}
    if len(tags) > MAX_TAGS:
        constraint = f"at most {MAX_TAGS} tags of an image"
        raise InvalidParameters.of("tags", len(tags), constraint, f"must be {constraint}")
    decision = review.decision
    if change.decision is not None:
        decision = None if change.decision == "undecided" else change.decision
    rating = review.rating if change.rating is None else change.rating
    return replace(review, rating=rating, tags=tuple(sorted(tags)), decision=decision)


def review_images(
    store: DatasetStore,
    keys: Sequence[str],
    change: ReviewChange,
    reviewer: str,
    stop: StopCheck = never_stopped,
) -> Sequence[tuple[str, Review]]:
    """Change the reviews of the images `keys`; returns each key with its new review, in order.

    First checks that all images exist. If a request fails in between, it can be repeated. A review
    that does not change keeps its reviewer and time. If two requests change a review at the same
    time, both changes are applied. Blocks.

    Raises:
        NotFound: one of the images does not exist.
        InvalidParameters: one of the keys is not an image, or would have too many tags.
        Conflict: other requests changed a review at every attempt.
    """
    keys = list(dict.fromkeys(keys))
    lines: list[tuple[str, tuple[str, KeptReview, str]]] = []

    def check(key: str) -> None:
        stop()
        store.storage.stat(key)
        if not is_image(store.storage, key):
            raise InvalidParameters.of("path", key, "an image", "must name an image")

    def write(key: str) -> Review:
        stop()
        review, written = _review(store, key, change, reviewer)
        lines.extend((dataset_of(key), line) for line in written)
        return review

    with ThreadPoolExecutor(min(_TOGETHER, max(1, len(keys))), "review") as pool:
        try:
            deque(pool.map(check, keys), maxlen=0)
            found = list(pool.map(write, keys))
        finally:
            pool.shutdown(cancel_futures=True)
            # Reviews that were written must be in the index even after an error.
            for folder, group in groupby(sorted(lines, key=itemgetter(0)), key=itemgetter(0)):
                store.record_reviews(folder, [line for _, line in group])
    return list(zip(keys, found, strict=True))


def _review(
    store: DatasetStore, key: str, change: ReviewChange, reviewer: str
) -> tuple[Review, list[tuple[str, KeptReview, str]]]:
    """The new review, and the index entries about it."""
    beside, name = review_key(key), key.rpartition("/")[2]
    for _ in range(_ATTEMPTS):
        etag, old = _read(store.storage, beside, name)
        new = changed(old, change)
        if new == old:
            return old, []
        new = replace(new, reviewer=reviewer, reviewed_at=store.clock())
        content = (kept := KeptReview(name, new)).to_json()
        try:
            if etag is None:
                stat = store.storage.put_new(beside, content)
            else:
                stat = store.storage.replace(beside, content, if_match=etag)
        except Conflict:
            continue
        return new, [(key[len(dataset_of(key)) + 1 :], kept, stat.etag)]
    raise Conflict(f"Other requests changed the review at every attempt: {beside}")


def _read(storage: Storage, beside: str, name: str) -> tuple[str | None, Review]:
    """Version and review of the image; None and an empty review if it has none."""
    try:
        etag = storage.stat(beside).etag
        kept = KeptReview.from_dict(orjson.loads(storage.read(beside)))
    except NotFound:
        return None, Review()
    except ValueError:  # damaged; it will be replaced
        return etag, Review()
    return etag, kept.review if kept.file_name == name else Review()
