"""Decide which records an export includes, and the split of each."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from engines.datasets.records.record import created_at
from engines.errors import InvalidParameters
from engines.types.datasets.looking import Review

if TYPE_CHECKING:
    from engines.datasets.records.reading import DatasetRecord
    from engines.types import ExportFilter


def missed(wanted: ExportFilter, record: DatasetRecord) -> str | None:
    """The first criterion of the filter that the record does not meet; None if it meets all. An
    image without a verdict does not meet criteria of verdicts."""
    quality, privacy = record.quality, record.privacy
    if wanted.quality_passed and (quality is None or not quality.passed):
        return "quality"
    if wanted.privacy_passed and (privacy is None or not privacy.passed):
        return "privacy"
    if wanted.min_quality_score is not None and (
        quality is None or quality.score < wanted.min_quality_score
    ):
        return "min_quality_score"
    if wanted.since is not None and created_at(record) < wanted.since:
        return "since"
    if wanted.labels and not _has_labels(wanted.labels, record):
        return "labels"
    return _missed_of_review(wanted, record.review or Review())


def _missed_of_review(wanted: ExportFilter, review: Review) -> str | None:
    if wanted.decision == "accepted" and review.decision != "accepted":
        return "decision"
    if wanted.decision == "not_rejected" and review.decision == "rejected":
        return "decision"
    if wanted.min_rating is not None and review.rating < wanted.min_rating:
        return "min_rating"
    return None


def _has_labels(wanted: Mapping[str, tuple[str, ...]], record: DatasetRecord) -> bool:
    """Whether the image has every wanted label, with one of its wanted values."""
    labels = record.labels
    return all(labels.get(name) in values for name, values in wanted.items())


def splitter(splits: Mapping[str, float] | None) -> Callable[[str], str | None]:
    """A function from an image's id to its split; None for each id if there are no splits.

    It takes the first 64 bits of the id's SHA-256 as a fraction of 2^64. So an id is always in the
    same split, whatever other images the dataset has.

    Raises:
        InvalidParameters: there is no split, a split has an empty name, a share is not above 0, or
            the sum of the shares is not 1.
    """
    if splits is None:
        return lambda image_id: None
    shares = list(splits.values())
    if not shares or any(not share > 0 for share in shares) or not all(splits):
        raise _invalid(splits, "must name at least one split, every share above 0")
    if not math.isclose(sum(shares), 1.0, abs_tol=1e-6):
        raise _invalid(splits, "must sum to 1")
    names = list(splits)
    bounds = [sum(shares[: index + 1]) for index in range(len(shares) - 1)]

    def split_of(image_id: str) -> str:
        digest = hashlib.sha256(image_id.encode()).digest()
        share = int.from_bytes(digest[:8], "big") / 2**64
        return next(
            (n for n, bound in zip(names, bounds, strict=False) if share < bound), names[-1]
        )

    return split_of


def by_cluster(
    split_of: Callable[[str], str | None], clusters: Mapping[str, str]
) -> Callable[[str], str | None]:
    """A function like `split_of` that uses the id of the image that represents the cluster, so that
    near-duplicates are in the same split. `clusters`: image id to that id."""
    return lambda image_id: split_of(clusters.get(image_id, image_id))


def _invalid(splits: Mapping[str, float], reason: str) -> InvalidParameters:
    value = {str(name): float(share) for name, share in list(splits.items())[:16]}
    return InvalidParameters.of("splits", dict(value), "shares > 0, sum = 1", reason)
