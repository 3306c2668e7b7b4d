"""Chooses the key with which replicas mark images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from deployments.settings import Settings
from engines.datasets.marking import ImageMarks, NoMarks
from engines.protocols import Storage
from engines.provenance.config import MarksConfig
from local_ray.state import kept_secret

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from engines.datasets.store.store import DatasetStore
    from engines.provenance.identity import SigningIdentity
    from engines.provenance.log import MarkLog
    from engines.provenance.sheet import SheetSigner
    from inferloop_synthdata.marks.reading import Anchors

MakeMarks = Callable[[Storage], ImageMarks]
"""Takes the storage of a space and returns the marks of this space."""
SIGNED_LIBRARIES = ("torch", "diffusers", "numpy", "pillow", "c2pa-python")
"""Libraries whose versions are stored in a signed sheet."""


@dataclass(frozen=True, slots=True)
class MarksWiring:
    """Contains the paths of the key and the certificate. Each replica reads the key itself, so that
    the key is not passed through Ray."""

    config: MarksConfig = field(default_factory=MarksConfig)
    state_folder: str = ""

    @classmethod
    def of(cls, settings: Settings, config: MarksConfig) -> MarksWiring:
        """From the environment's settings and the application's config."""
        return cls(config, str(settings.state_folder()))

    def maker(self) -> MakeMarks:
        """A function that returns the marks of a space. The key is read once, for all spaces.

        Raises:
            InvalidParameters: the key or the certificate cannot be used.
            MarkingFailed: the C2PA library does not accept them.
        """
        if not self.config.enabled:
            return lambda _storage: NoMarks()
        from engines.provenance.marks import Marks
        from engines.provenance.signing import C2paSigner

        identity, authority = self._identity()
        signer = C2paSigner(identity, self.config.time_stamp_url)

        def marks(storage: Storage) -> ImageMarks:
            return Marks(signer, identity, _log(storage, authority), self.config)

        return marks

    def sheets(self) -> Callable[[DatasetStore], SheetSigner] | None:
        """A function that returns the signer of a space's datasets. None if marks are switched off.
        Raises as `maker`."""
        if not self.config.enabled:
            return None
        from engines.provenance.sheet import SheetSigner

        identity, authority = self._identity()
        versions = {name: version(name) for name in SIGNED_LIBRARIES}
        return lambda store: SheetSigner(store, identity, _log(store.storage, authority), versions)

    def anchors(self, shared: Storage) -> Callable[[Storage], Anchors]:
        """A function that takes a space's storage and returns the certificates that POST /verify
        trusts. `shared`: the data root outside every space. Raises `InvalidParameters` if a file
        cannot be read."""
        from engines.provenance.development import published
        from engines.provenance.identity import trust_anchors
        from inferloop_synthdata.marks.reading import Anchors

        trusted = _pem(trust_anchors(self.config))

        def of(storage: Storage) -> Anchors:
            development = {*published(storage), *published(shared)}
            return Anchors(trusted, _pem(tuple(development)))

        return of

    def _identity(self) -> tuple[SigningIdentity, Certificate | None]:
        """The signing identity, and the development authority if that is used, else None."""
        from engines.provenance.development import identity_in
        from engines.provenance.identity import load_identity

        identity = load_identity(self.config)
        if identity is not None:
            return identity, None
        return identity_in(_development_bundle(self.state_folder))


NO_MARKS = MarksWiring(MarksConfig(enabled=False))


def _log(storage: Storage, authority: Certificate | None) -> MarkLog:
    from engines.provenance.development import publish
    from engines.provenance.log import MarkLog

    if authority is not None:
        publish(storage, authority)
    return MarkLog(storage)


def _pem(certificates: Sequence[Certificate]) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates).decode()


@cache
def _development_bundle(state_folder: str) -> str:
    """The development key that was made on this machine. It is read once per process."""
    from engines.provenance.development import DEVELOPMENT_FILE, kept_bundle

    path = Path(state_folder) / DEVELOPMENT_FILE
    return kept_bundle(partial(kept_secret, path), path)
