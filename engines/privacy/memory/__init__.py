"""Memorisation: is a synthetic image, or a face in it, one of the real ones."""

from engines.privacy.memory.index import HashIndex, Neighbour
from engines.privacy.memory.references import (
    References,
    references_from_folder,
    references_from_hashes,
)

__all__ = [
    "HashIndex",
    "Neighbour",
    "References",
    "references_from_folder",
    "references_from_hashes",
]
