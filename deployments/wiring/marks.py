"""With which key the replicas mark what they write."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from deployments.settings import Settings
from engines.datasets.marking import ImageMarks, NoMarks
from engines.protocols import Storage
from engines.provenance.config import MarksConfig
from local_ray.state import kept_secret

logger = logging.getLogger(__name__)

MakeMarks = Callable[[Storage], ImageMarks]
"""The marks of one space."""
DEVELOPMENT_FILE = "marks_development.pem"


@dataclass(frozen=True, slots=True)
class MarksWiring:
    """Holds paths; each replica reads the key itself."""

    config: MarksConfig = field(default_factory=MarksConfig)
    state_folder: str = ""

    @classmethod
    def of(cls, settings: Settings, config: MarksConfig) -> MarksWiring:
        return cls(config, str(settings.state_folder()))

    def maker(self) -> MakeMarks:
        """Reads the key, once for all spaces.

        Raises:
            InvalidParameters: the key or the certificate cannot be used.
            MarkingFailed: the C2PA library does not take them.
        """
        if not self.config.enabled:
            return lambda _storage: NoMarks()
        from engines.provenance.development import identity_in, publish
        from engines.provenance.identity import load_identity
        from engines.provenance.log import MarkLog
        from engines.provenance.marks import Marks
        from engines.provenance.signing import C2paSigner

        identity, authority = load_identity(self.config), None
        if identity is None:
            identity, authority = identity_in(_development_bundle(self.state_folder))
        signer = C2paSigner(identity, self.config.time_stamp_url)

        def marks(storage: Storage) -> ImageMarks:
            if authority is not None:
                publish(storage, authority)
            return Marks(signer, identity, MarkLog(storage), self.config)

        return marks


NO_MARKS = MarksWiring(MarksConfig(enabled=False))


@cache
def _development_bundle(state_folder: str) -> str:
    """The key that this machine made for itself, in a file that its owner alone reads. Where no
    file can be written (a pod with a read-only file system), one for this process."""
    from engines.provenance.development import new_bundle

    path = Path(state_folder) / DEVELOPMENT_FILE
    try:
        bundle, is_new = kept_secret(path, new_bundle)
    except OSError as error:
        logger.warning("No development key can be kept (%s): one for this process", error)
        return new_bundle()
    logger.warning(
        "Images are marked with a development certificate that nobody outside trusts (%s%s); "
        "set marks.certificate_chain and marks.private_key",
        path,
        ", made now" if is_new else "",
    )
    return bundle
