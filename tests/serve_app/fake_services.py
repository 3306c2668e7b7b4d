"""All fakes together, and the facade of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from serve_app.services import Services
from tests.serve_app.fake_library import (
    FakeDatasets,
    FakeDeployments,
    FakeExporter,
    FakeProfiles,
    FakeReadiness,
)
from tests.serve_app.fake_provenance import FakeProvenance
from tests.serve_app.fake_validators import FakePrivacy, FakeQuality
from tests.serve_app.fakes import FakeFiles, FakeGeneration, FakeUsage


@dataclass
class FakeServices:
    """All fakes of one test, by name, and the facade of them."""

    files: FakeFiles = field(default_factory=FakeFiles)
    usage: FakeUsage = field(default_factory=FakeUsage)
    readiness: FakeReadiness = field(default_factory=FakeReadiness)
    deployments: FakeDeployments = field(default_factory=FakeDeployments)
    datasets: FakeDatasets = field(default_factory=FakeDatasets)
    profiles: FakeProfiles = field(default_factory=FakeProfiles)

    def __post_init__(self) -> None:
        self.generation = FakeGeneration(self.files)
        self.quality = FakeQuality(self.files)
        self.privacy = FakePrivacy(self.files)
        self.exporter = FakeExporter(self.files)
        self.provenance = FakeProvenance(self.files)

    def services(self) -> Services:
        return Services(
            generation=self.generation,
            quality=self.quality,
            privacy=self.privacy,
            exporter=self.exporter,
            datasets=self.datasets,
            profiles=self.profiles,
            files=self.files,
            usage=self.usage,
            provenance=self.provenance,
            readiness=self.readiness,
            deployments=self.deployments,
        )


class SharedServices(FakeServices):
    """All spaces share the same services. The requests contain their space."""

    def services(self) -> Services:
        inner = super().services()
        return replace(inner, in_space=lambda space: inner)
