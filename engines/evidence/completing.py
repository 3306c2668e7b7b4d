"""Completes a report after its figures were computed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engines.types.datasets.reports import DatasetReport, MissingImages, ReferenceEvidence

if TYPE_CHECKING:
    from engines.datasets.sidecars.declared import DeclaredFacts
    from engines.evidence.config import EvidenceConfig
    from engines.evidence.encoders.encoder import ImageEncoder
    from engines.evidence.gathering import Gathered
    from engines.evidence.tally import Tally


def with_declaration(
    report: DatasetReport, tally: Tally, declared: DeclaredFacts | None
) -> DatasetReport:
    """The report with its counts by label, compared with the declared counts."""
    if declared is None:
        return report.model_copy(update={"labels": tally.label_counts({})})
    short = tuple(
        MissingImages(
            of_class=each.stratum, reason=each.reason, count=each.count, message=each.message
        )
        for each in declared.short
    )
    labels = tally.label_counts(declared.labels)
    update = {"labels": labels, "requested": declared.requested, "short": short}
    return report.model_copy(update=update)


def with_ids(found: ReferenceEvidence, ids: Mapping[str, str]) -> ReferenceEvidence:
    """The report with images named by their ids."""
    taken = tuple(each.model_copy(update={"id": ids[each.id]}) for each in found.taken)
    return found.model_copy(update={"taken": taken})


def settings(config: EvidenceConfig, encoder: ImageEncoder | None) -> dict[str, object]:
    """The settings on which the figures depend, as the report shows them."""
    found: dict[str, object] = config.model_dump(exclude={"encoder"})
    if encoder is not None:
        found |= {
            "encoder": encoder.name,
            "near_distance": encoder.distances.near,
            "alike_distance": encoder.distances.alike,
        }
    return found


def digest_of_images(found: Gathered) -> str:
    """SHA-256 over the lines `<sha256>  <name>`, ordered by name."""
    hashed = hashlib.sha256()
    for each in sorted(found.facts, key=lambda one: one.name):
        hashed.update(f"{each.sha256}  {each.name}\n".encode())
    return hashed.hexdigest()
