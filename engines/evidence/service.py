"""Makes reports on datasets. A report is stored, and used again while its inputs are the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engines.datasets.evidence_folder import EVIDENCE_FOLDER, REPORT_PREFIX, forget_if_gone
from engines.datasets.looking.clusters import keep_clusters
from engines.datasets.sidecars.declared import DeclaredFacts, declared_facts
from engines.datasets.store.layout import dataset_key, iter_images
from engines.datasets.store.store import DatasetStore
from engines.errors import (
    InvalidParameters,
    NotFound,
)
from engines.evidence.against_real import Side, against_real
from engines.evidence.completing import (
    digest_of_images,
    settings,
    with_declaration,
    with_ids,
)
from engines.evidence.encoders.holder import EncoderHolder
from engines.evidence.gathering import Gathered, Gatherer
from engines.evidence.kept_report import KeptReport, digest_of, version_of_folder
from engines.evidence.near_duplicates import cluster_of_each, described, named_clusters
from engines.evidence.pictures import Pictures
from engines.evidence.report.page import render_report
from engines.evidence.statistics.clusters import Hashes, Nearness, find_clusters
from engines.evidence.tally import Tally
from engines.evidence.with_profile import Profiles, WithProfile
from engines.evidence.work import OnProgress, Work, unheard
from engines.images import ImageLimits, read_pixels
from engines.protocols import StopCheck, never_stopped
from engines.types.datasets.reports import (
    DatasetReport,
    ReferenceEvidence,
    ReportPage,
    ReportRequest,
)

if TYPE_CHECKING:
    from engines.evidence.config import EvidenceConfig
    from engines.images import ReadPixels
    from engines.types import ObjectStat

_NO_FEATURES = "features (near-duplicates by feature, evidence against real images): "


@dataclass(frozen=True, slots=True)
class Sources:
    """The inputs of reports: store, encoder, profiles, and the decoder of images."""

    store: DatasetStore
    encoder: EncoderHolder
    limits: ImageLimits = field(default_factory=ImageLimits)
    read_pixels: ReadPixels = read_pixels
    profiles: Profiles | None = None
    scratch: Path | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: the dataset, the key of its folder, and the references to compare it with."""

    name: str
    folder: str
    reference: str | None
    profile: WithProfile | None


class EvidenceService:
    """Makes reports and clusters. Its methods block. Safe to share between threads."""

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
        """The report on the dataset `name`.

        The dataset is compared with the real images below the key `reference`, and with a profile:
        with its statistics, and with its features if it has some. The report is stored until the
        dataset, the reference, the profile or the config changes. An error that `on_progress`
        raises stops the work.

        Raises:
            NotFound: there is no such dataset, reference or profile, or it has no images.
            InvalidParameters: the dataset has more images than the config allows.
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
        against_profile = self._with_profile(profile, folder)
        profile_version = against_profile and against_profile.profiles.version(profile or "")
        declared = declared_facts(self._storage, name)
        asked = None if declared is None else asdict(declared)
        parts = (version, against, profile_version, asked)
        stamp = digest_of(parts, encoder.name if encoder else missing, self._config.model_dump())
        key = f"{folder}/{EVIDENCE_FOLDER}/{REPORT_PREFIX}{digest_of(reference, profile)[:16]}.json"
        keeper = KeptReport(self._storage, key, stamp)
        if (kept := keeper.read()) is not None:
            return kept
        with self._nothing_of_what_is_gone(folder, reference):
            report = self._made(Asked(name, folder, reference, against_profile), work, declared)
            report = report.model_copy(update={"version": version})
            keeper.write(report)
        return report

    @contextmanager
    def _nothing_of_what_is_gone(self, folder: str, reference: str | None) -> Iterator[None]:
        """If a folder is deleted during the block, remove the evidence that was stored in it.

        Raises:
            NotFound: the dataset was deleted.
        """
        gone = False
        try:
            yield
        finally:
            if reference is not None:
                forget_if_gone(self._storage, reference)
            gone = forget_if_gone(self._storage, folder)
        if gone:
            raise NotFound("dataset", folder.rpartition("/")[2])

    def clusters(self, folder: str, stop: StopCheck = never_stopped) -> Mapping[str, str]:
        """For each readable image below the key `folder`: its id, and the id that represents its
        cluster of near-duplicates (its own id if it has none)."""
        tally = self._tally(folder, Work(lambda progress: stop()))
        with (
            self._nothing_of_what_is_gone(folder, None),
            self._gatherer().gather(folder, tally.stats, stop=stop) as found,
        ):
            ids = [tally.ids[each.name] for each in found.facts]
            hashes = Hashes.of([(each.hash, each.mirror) for each in found.facts])
            clusters = find_clusters(hashes, found.features, self._nearness(), stop)
        return cluster_of_each(ids, clusters)

    def _made(self, asked: Asked, work: Work, declared: DeclaredFacts | None) -> DatasetReport:
        folder = asked.folder
        tally = self._tally(folder, work)
        work.total = len(tally.stats)
        with self._gatherer().gather(folder, tally.stats, work.advance, work.stop) as found:
            report = self._assembled(asked, tally, found, work)
            if asked.profile is not None:
                report = self._compared(report, asked.profile, tally, found, work)
        return with_declaration(report, tally, declared)

    def _assembled(self, asked: Asked, tally: Tally, found: Gathered, work: Work) -> DatasetReport:
        folder = asked.folder
        ids = [tally.ids[each.name] for each in found.facts]
        sharpness = [each.sharpness / 1000 for each in found.facts]  # orders images without a score
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
            not_looked_at.append(f"{len(found.unreadable)} files that could not be read as images")
        return DatasetReport(
            name=asked.name,
            made_at=self._sources.store.clock(),
            images=len(tally.stats),
            size_bytes=tally.size_bytes,
            digest=digest_of_images(found),
            verdicts=dict(tally.verdicts),
            histograms=tally.histograms(),
            reasons=dict(tally.reasons),
            failing_count=len(tally.failing),
            failing=pictures.failing(tally, found, self._config.max_shown, work.stop),
            sheet=pictures.sheet(tally, found, work.stop),
            near_duplicates=alike,
            reference=self._against(asked, tally, found, work),
            made_by={kind: dict(counts) for kind, counts in tally.made_by.items()},
            settings=settings(self._config, encoder),
            not_looked_at=tuple(not_looked_at),
        )

    def _against(
        self, asked: Asked, tally: Tally, made: Gathered, work: Work
    ) -> ReferenceEvidence | None:
        reference = asked.reference
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
            sides = self._side(reference, real), self._side(asked.folder, made)
            found = against_real(reference, *sides, self._config, work.advance, work.stop)
        return with_ids(found, tally.ids)

    def _compared(
        self, report: DatasetReport, profile: WithProfile, tally: Tally, made: Gathered, work: Work
    ) -> DatasetReport:
        encoder, _ = self._sources.encoder.get()
        side = None if made.features is None else self._side(profile.folder, made)
        facts, missing = profile.usable_features(encoder)
        if facts is not None:
            work.total += min(len(made.facts), self._config.max_searched)
        found = profile.comparison(facts, side, self._config, work.advance, work.stop)
        if found.evidence is not None:
            evidence = with_ids(found.evidence, tally.ids)
            found = found.model_copy(update={"evidence": evidence})
        update: dict[str, object] = {"comparison": found}
        if missing is not None:
            update["not_looked_at"] = (*report.not_looked_at, missing)
        return report.model_copy(update=update)

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

    def _with_profile(self, profile: str | None, folder: str) -> WithProfile | None:
        profiles = self._sources.profiles
        if profile is None or profiles is None:
            return None
        return WithProfile(profiles, profile, folder)


def report_of(
    service: EvidenceService, request: ReportRequest, on_progress: OnProgress
) -> DatasetReport | ReportPage:
    """The report that the request asks for, as data or as an HTML page. See
    `EvidenceService.report`."""
    asked = request.name, request.reference_key, request.profile
    report = service.report(*asked, on_progress=on_progress)
    return ReportPage(render_report(report)) if request.as_page else report
