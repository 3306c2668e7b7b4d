"""Builds the engines of the replicas of `exporter` and `profiles`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from deployments.wiring.files import FileWiring
from deployments.wiring.marks import NO_MARKS, MarksWiring
from deployments.wiring.spaces import PerSpace
from engines.datasets.export_config import ExportConfig
from engines.datasets.looking.look import Looker, OpenLooks
from engines.datasets.s3.by_obstore import sender_for
from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.s3.sending import Boto3Sender
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.exporter import DatasetExporter
from engines.evidence.config import EvidenceConfig
from engines.evidence.encoders.holder import EncoderHolder
from engines.evidence.service import EvidenceService, Sources
from engines.profiles import ProfileService
from engines.profiles.config import ProfilesConfig
from engines.provenance.sheet import SheetSigner
from engines.storage.s3.client import S3ClientConfig

Engine = TypeVar("Engine")


class LibraryWiring(Protocol[Engine]):
    """Builds the engines of a replica that works on stored images."""

    def engines(self) -> PerSpace[Engine]:
        """One engine per space. All share the processes that read untrusted files."""


@dataclass(frozen=True, slots=True)
class Library:
    """The datasets of one space, and the objects that export, report on and sign them."""

    store: DatasetStore
    files: DatasetExporter
    s3: S3Exporter
    evidence: EvidenceService
    looker: Looker
    sheets: SheetSigner | None = None
    """None if marks are switched off."""


@dataclass(frozen=True, slots=True)
class ExportWiring:
    """Implements `LibraryWiring` for the exporter."""

    config: ExportConfig
    files: FileWiring
    marks: MarksWiring = NO_MARKS
    evidence: EvidenceConfig = field(default_factory=EvidenceConfig)

    def engines(self) -> PerSpace[Library]:
        sheets = self.marks.sheets()
        config = self.config.model_copy(update={"images": self.files.limits})
        verify = self.files.verifier(self.files.sandbox_limits.workers)
        pixels_of = self.files.pixel_reader(self.files.sandbox_limits.workers)
        encoder, looks = EncoderHolder(self.evidence), OpenLooks()
        data = self.files.data

        chosen = partial(sender_for, S3ClientConfig(endpoint_url=data.s3_endpoint_url))

        def build(space: str | None) -> Library:
            storage = data.in_space(space).storage()
            store = DatasetStore(storage)
            s3 = S3Exporter(
                data.s3_client,
                storage,
                store,
                config,
                buckets=self.files.export_buckets,
                senders=chosen if config.s3.fast_uploads else Boto3Sender,
                verify=verify,
            )
            limits = self.files.limits
            profiles = ProfileService(storage, limits, read_pixels=pixels_of)
            sources = Sources(store, encoder, limits, pixels_of, profiles)
            evidence = EvidenceService(sources, self.evidence)
            exporter = DatasetExporter(storage, store, config, verify, evidence.clusters)
            signer = None if sheets is None else sheets(store)
            return Library(store, exporter, s3, evidence, Looker(store, looks), signer)

        return PerSpace(build)


@dataclass(frozen=True, slots=True)
class ProfilesWiring:
    """Implements `LibraryWiring` for profiles."""

    config: ProfilesConfig
    files: FileWiring
    evidence: EvidenceConfig = field(default_factory=EvidenceConfig)

    def engines(self) -> PerSpace[ProfileService]:
        encoder = EncoderHolder(self.evidence)
        pixels_of = self.files.pixel_reader(self.files.sandbox_limits.workers)

        def build(space: str | None) -> ProfileService:
            profiles = ProfileService(
                self.files.data.in_space(space).storage(),
                self.files.limits,
                config=self.config,
                s3_clients=self.files.data.s3_client,
                buckets=self.files.source_buckets,
                read_pixels=pixels_of,
                encoder=encoder.get,
            )
            profiles.seed()
            return profiles

        return PerSpace(build)
