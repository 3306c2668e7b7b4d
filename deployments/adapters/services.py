"""Creates `serve_app.services.Services` for every space, with the handles of the deployments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deployments.adapters.files import FileThreads, StoredFiles
from deployments.adapters.handles import (
    HandleDatasets,
    HandleExporter,
    HandlePrivacy,
    HandleProfiles,
    HandleQuality,
)
from deployments.adapters.provenance import AnchorsOf, StoredProvenance
from deployments.adapters.uploads import UploadChecker
from deployments.adapters.usage import LedgerUsage
from deployments.mark_reading import mark_of, watermark_of
from deployments.wiring.spaces import PerSpace, SpaceHandle
from engines.errors import JsonValue
from engines.images import ImageLimits
from engines.protocols import Storage
from engines.provenance.config import MarksConfig
from engines.storage.usage import UsageLedger
from inferloop_synthdata.marks.reading import Anchors
from serve_app.services import Deployments, Generation, Readiness, Services


@dataclass(frozen=True, slots=True)
class Backends:
    """The parts that the services of all spaces share."""

    generation: Generation
    readiness: Readiness
    deployments: Deployments
    validators: Mapping[str, Any]
    """Handles of the deployments "quality" and "privacy", by these names."""
    library: Mapping[str, Any]
    """Handles of the deployments "exporter" and "profiles", by these names."""
    storage_of: Callable[[str | None], Storage]
    """Returns the storage of a space; None: of the data root outside every space."""
    images: ImageLimits
    uploads: UploadChecker | None = None
    """Decodes uploads in worker processes. None: threads of this process decode them."""
    anchors: AnchorsOf = lambda _storage: Anchors()
    """Returns the certificates whose marks are trusted in a space, from the space's storage."""
    marks: MarksConfig = field(default_factory=MarksConfig)
    """Says which watermark is searched for."""
    threads: FileThreads = field(default_factory=FileThreads)

    def _read_watermark(self, content: bytes) -> dict[str, JsonValue]:
        if self.uploads is None:
            return watermark_of(content, self.images, self.marks)
        return self.uploads.read_watermark(content, self.marks)

    def services(self) -> Services:
        """The services outside every space. Their `in_space` returns those of a space."""
        spaces: PerSpace[Services] = PerSpace(lambda space: self._bound(space, spaces.get))
        return spaces.get(None)

    def _bound(self, space: str | None, in_space: Callable[[str | None], Services]) -> Services:
        storage = self.storage_of(space)
        exporter = SpaceHandle(self.library["exporter"], space)
        return Services(
            generation=self.generation,  # Its requests contain their space.
            quality=HandleQuality(SpaceHandle(self.validators["quality"], space)),
            privacy=HandlePrivacy(SpaceHandle(self.validators["privacy"], space)),
            exporter=HandleExporter(exporter),
            datasets=HandleDatasets(exporter),
            profiles=HandleProfiles(SpaceHandle(self.library["profiles"], space)),
            files=StoredFiles(storage, self.images, self.uploads, self.threads),
            usage=LedgerUsage(UsageLedger(storage), self.threads.usage),
            provenance=StoredProvenance(
                storage,
                self.anchors,
                self.threads,
                mark_of if self.uploads is None else self.uploads.read_mark,
                self._read_watermark,
            ),
            readiness=self.readiness,
            deployments=self.deployments,
            in_space=in_space,
        )
