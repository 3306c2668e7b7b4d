"""Reports on datasets: made once for each version of a dataset, then read where they are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engines.datasets.declared import DeclaredFacts, declared_facts
from engines.datasets.layout import dataset_key, iter_images
from engines.datasets.looking.clusters import keep_clusters
from engines.datasets.store import DatasetStore
from engines.errors import (
    InvalidParameters,
    NotFound,
)
from engines.evidence.against_real import Side, against_real
from engines.evidence.encoders.holder import EncoderHolder
from engines.evidence.feature_file import EVIDENCE_FOLDER
from engines.evidence.gathering import Gathered, Gatherer
from engines.evidence.kept_report import KeptReport, digest_of, version_of_folder
from engines.evidence.near_duplicates import cluster_of_each, described, named_clusters
from engines.evidence.pictures import Pictures
from engines.evidence.report.page import render_report
from engines.evidence.statistics.clusters import Hashes, Nearness, find_clusters
from engines.evidence.tally import Tally
from engines.evidence.work import OnProgress, Work, unheard
from engines.images import ImageLimits, read_pixels
from engines.protocols import StopCheck, never_stopped
from engines.types import Comparison
from engines.types.reports import (
    DatasetReport,
    MissingImages,
    ProfileComparison,
    ReferenceEvidence,
    ReportPage,
    ReportRequest,
    Taken,
)

if TYPE_CHECKING:
    from engines.evidence.config import EvidenceConfig
    from engines.evidence.encoders.encoder import ImageEncoder
    from engines.images import ReadPixels
    from engines.types import ObjectStat

_NO_FEATURES = "features (near-duplicates by feature, evidence against real images): "

CompareProfile = Callable[[str, str, StopCheck], Comparison]
"""Profile's name and the dataset's folder to their comparison; `NotFound` without the profile."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a report is made from, and who reads strangers' images."""

    store: DatasetStore
    encoder: EncoderHolder
    limits: ImageLimits = field(default_factory=ImageLimits)
    read_pixels: ReadPixels = read_pixels
    compare: CompareProfile | None = None
    scratch: Path | None = None


class EvidenceService:
    """Blocks; safe to share between threads."""

    def __init__(self, sources: Sources, config: EvidenceConfig) -> None:
        self._sources = sources
        self._storage = sources.store.storage
        self._config = config

    def report(
        self,
        name: str,
        reference: str | None = None,
        profile: str | None = None,
        on_progress: OnProgress = unheard,
    ) -> DatasetReport:
        """On the dataset `name`, against the images of the folder key `reference`, and the
        statistics of a profile. Kept until the dataset, the reference, the profile or the config
        changes. What `on_progress` raises stops it.

        Raises:
            NotFound: no image in the dataset or in the reference, no such profile.
            InvalidParameters: more images than the config allows.
        """
        folder = dataset_key(name)
        work = Work(on_progress)
        version = version_of_folder(self._storage, folder, work.stop)
        if version is None:
            raise NotFound("dataset", name)
        encoder, missing = self._sources.encoder.get()
        against = version_of_folder(self._storage, reference, work.stop) if reference else None
        if reference and against is None:
            raise NotFound("images under folder", reference)
        comparison = self._comparison(profile, folder, work.stop)
        declared = declared_facts(self._storage, name)
        asked = None if declared is None else asdict(declared)
        parts = (version, against, comparison and comparison.model_dump(), asked)
        stamp = digest_of(parts, encoder.name if encoder else missing, self._config.model_dump())
        key = f"{folder}/{EVIDENCE_FOLDER}/report-{digest_of(reference, profile)[:16]}.json"
        keeper = KeptReport(self._storage, key, stamp)
        if (kept := keeper.read()) is not None:
            return kept
        report = self._made(name, folder, reference, work, declared)
        report = report.model_copy(update={"version": version, "comparison": comparison})
        keeper.write(report)
        return report

    def clusters(self, folder: str, stop: StopCheck = never_stopped) -> Mapping[str, str]:
        """Id of every readable image below the folder key to the id that stands for its cluster of
        near-duplicates: its own where it has none."""
        tally = self._tally(folder, Work(lambda progress: stop()))
        with self._gatherer().gather(folder, tally.stats, stop=stop) as found:
            ids = [tally.ids[each.name] for each in found.facts]
            hashes = Hashes.of([(each.hash, each.mirror) for each in found.facts])
            clusters = find_clusters(hashes, found.features, self._nearness(), stop)
        return cluster_of_each(ids, clusters)

    def _made(
        self,
        name: str,
        folder: str,
        reference: str | None,
        work: Work,
        declared: DeclaredFacts | None,
    ) -> DatasetReport:
        tally = self._tally(folder, work)
        work.total = len(tally.stats)
        with self._gatherer().gather(folder, tally.stats, work.advance, work.stop) as found:
            report = self._assembled(name, folder, reference, tally, found, work)
        return _with_declaration(report, tally, declared)

    def _assembled(
        self,
        name: str,
        folder: str,
        reference: str | None,
        tally: Tally,
        found: Gathered,
        work: Work,
    ) -> DatasetReport:
        ids = [tally.ids[each.name] for each in found.facts]
        sharpness = [each.sharpness / 1000 for each in found.facts]  # decides among the unjudged
        scores = [tally.scores.get(i, 0.0) + s for i, s in zip(ids, sharpness, strict=True)]
        hashes = [(each.hash, each.mirror) for each in found.facts]
        every = Hashes.of(hashes), found.features, self._nearness(), work.stop
        clusters = find_clusters(*every)
        alike = described(ids, scores, clusters, by_features=found.features is not None)
        keep_clusters(self._storage, folder, named_clusters(ids, scores, clusters))
        pictures = self._pictures(folder)
        encoder, missing = self._sources.encoder.get()
        not_looked_at = [f"{_NO_FEATURES}{missing}"] if encoder is None else []
        if found.unreadable:
            not_looked_at.append(f"{len(found.unreadable)} files that are no image we read")
        return DatasetReport(
            name=name,
            made_at=self._sources.store.clock(),
            images=len(tally.stats),
            size_bytes=tally.size_bytes,
            digest=_digest_of_images(found),
            verdicts=dict(tally.verdicts),
            histograms=tally.histograms(),
            reasons=dict(tally.reasons),
            failing_count=len(tally.failing),
            failing=pictures.failing(tally, found, self._config.max_shown, work.stop),
            sheet=pictures.sheet(tally, found, work.stop),
            near_duplicates=alike,
            reference=self._against(folder, reference, tally, found, work),
            made_by={kind: dict(counts) for kind, counts in tally.made_by.items()},
            settings=_settings(self._config, encoder),
            not_looked_at=tuple(not_looked_at),
        )

    def _against(
        self, folder: str, reference: str | None, tally: Tally, made: Gathered, work: Work
    ) -> ReferenceEvidence | None:
        if reference is None or made.features is None:
            return None
        stats: list[ObjectStat] = []
        for stat in iter_images(self._storage, reference, work.stop):
            if len(stats) == self._config.max_reference_images:
                break
            stats.append(stat)
        work.total += len(stats) + min(len(made.facts), self._config.max_searched)
        with self._gatherer().gather(reference, stats, work.advance, work.stop) as real:
            if real.features is None or not real.facts:
                raise NotFound("images under folder", reference)
            sides = self._side(reference, real), self._side(folder, made)
            found = against_real(reference, *sides, self._config, work.advance, work.stop)
        taken = tuple(_with_id(each, tally.ids) for each in found.taken)
        return found.model_copy(update={"taken": taken})

    def _side(self, folder: str, found: Gathered) -> Side:
        assert found.features is not None
        return Side(found.facts, found.features, self._pictures(folder).read)

    def _pictures(self, folder: str) -> Pictures:
        sources = self._sources
        return Pictures(self._storage, folder, sources.limits, sources.read_pixels)

    def _tally(self, folder: str, work: Work) -> Tally:
        tally = Tally()
        with self._sources.store.snapshot(folder, work.stop) as snapshot:
            if snapshot.count() > self._config.max_images:
                raise InvalidParameters.of(
                    "name",
                    folder.rpartition("/")[2],
                    f"images <= {self._config.max_images}",
                    f"must hold at most {self._config.max_images} images",
                )
            for record in snapshot.records():
                work.stop()
                tally.add(record)
        return tally

    def _gatherer(self) -> Gatherer:
        encoder, _ = self._sources.encoder.get()
        return Gatherer(
            self._storage,
            self._sources.limits,
            self._sources.read_pixels,
            encoder,
            self._config.batch_images,
            self._sources.scratch,
        )

    def _nearness(self) -> Nearness:
        encoder, _ = self._sources.encoder.get()
        if encoder is None:
            return Nearness()
        return Nearness(encoder.distances.near, encoder.distances.alike)

    def _comparison(
        self, profile: str | None, folder: str, stop: StopCheck
    ) -> ProfileComparison | None:
        if profile is None or self._sources.compare is None:
            return None
        found = self._sources.compare(profile, folder, stop)
        return ProfileComparison(
            profile=profile, conformance=found.conformance, distances=dict(found.distances)
        )


def _with_declaration(
    report: DatasetReport, tally: Tally, declared: DeclaredFacts | None
) -> DatasetReport:
    """With the counts by label, held against what was asked for."""
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


def _with_id(taken: Taken, ids: Mapping[str, str]) -> Taken:
    return taken.model_copy(update={"id": ids[taken.id]})


def _settings(config: EvidenceConfig, encoder: ImageEncoder | None) -> dict[str, object]:
    found: dict[str, object] = config.model_dump(exclude={"encoder"})
    if encoder is not None:
        found |= {
            "encoder": encoder.name,
            "near_distance": encoder.distances.near,
            "alike_distance": encoder.distances.alike,
        }
    return found


def _digest_of_images(found: Gathered) -> str:
    hashed = hashlib.sha256()
    for each in sorted(found.facts, key=lambda one: one.name):
        hashed.update(f"{each.sha256}  {each.name}\n".encode())
    return hashed.hexdigest()


def report_of(
    service: EvidenceService, request: ReportRequest, on_progress: OnProgress
) -> DatasetReport | ReportPage:
    """As the request wants it; see `EvidenceService.report`."""
    asked = request.name, request.reference_key, request.profile
    report = service.report(*asked, on_progress=on_progress)
    return ReportPage(render_report(report)) if request.as_page else report
