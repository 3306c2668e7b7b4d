"""Load the key with which a job signs its images. Each actor reads it from its own machine."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from engines.datasets.marking import ImageMarks, NoMarks
from local_ray.state import kept_secret, state_dir

if TYPE_CHECKING:
    from engines.protocols import Storage
    from engines.provenance.config import MarksConfig


def job_marks(config: MarksConfig, output: Storage) -> ImageMarks:
    """Adds C2PA marks as the config says; their log is in the job's output.

    Raises:
        InvalidParameters: the key or the certificate cannot be used.
        MarkingFailed: the C2PA library refuses them.
    """
    if not config.enabled:
        return NoMarks()
    from engines.provenance.development import (
        DEVELOPMENT_FILE,
        identity_in,
        kept_bundle,
        publish,
    )
    from engines.provenance.identity import load_identity
    from engines.provenance.log import MarkLog
    from engines.provenance.marks import Marks
    from engines.provenance.signing import C2paSigner

    identity = load_identity(config)
    if identity is None:
        path = state_dir(os.environ) / DEVELOPMENT_FILE
        identity, authority = identity_in(kept_bundle(partial(kept_secret, path), path))
        publish(output, authority)
    return Marks(C2paSigner(identity, config.time_stamp_url), identity, MarkLog(output), config)
