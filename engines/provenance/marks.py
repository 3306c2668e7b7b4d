"""Mark the images that the service stores: write the mark to the file, and an entry to the log."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from engines.provenance.claims import created, edited, recipe_sha256
from engines.provenance.log import MarkEntry, MarkLog

if TYPE_CHECKING:
    from engines.datasets.recipes.recipe import Recipe
    from engines.datasets.store.copies import Edit
    from engines.provenance.config import MarksConfig
    from engines.provenance.identity import SigningIdentity
    from engines.provenance.signing import C2paSigner

PNG = "image/png"


class Marks:
    """Implements `engines.datasets.marking.ImageMarks` with C2PA. Blocks; threads may share it.

    The log entry is written before the file is stored, so that every marked file has an entry. A
    crash in between leaves an entry without a file.
    """

    def __init__(
        self, signer: C2paSigner, identity: SigningIdentity, log: MarkLog, config: MarksConfig
    ) -> None:
        self._signer = signer
        self._fingerprint = identity.fingerprint
        self._log = log
        self._config = config

    def created(self, key: str, png: bytes, recipe: Recipe) -> bytes:
        """See `ImageMarks.created`."""
        marked = self._signer.sign(png, PNG, created(recipe, self._log.segment, self._config))
        self._log.append(
            MarkEntry(
                "created",
                key,
                hashlib.sha256(marked).hexdigest(),
                self._fingerprint,
                pixel_sha256=recipe.pixel_sha256,
                recipe_sha256=recipe_sha256(recipe),
            )
        )
        return marked

    def edited(self, key: str, png: bytes, edit: Edit) -> bytes:
        """See `ImageMarks.edited`."""
        title = key.rpartition("/")[2]
        definition = edited(edit, title, self._log.segment, self._config)
        marked = self._signer.sign(png, PNG, definition)
        digest = hashlib.sha256(marked).hexdigest()
        entry = MarkEntry(
            "edited", key, digest, self._fingerprint, parent_sha256=edit.parent_sha256
        )
        self._log.append(entry)
        return marked
