"""Memorization: is a synthetic image, or a face in it, one of the real ones."""

from engines.privacy.memorization.index import HashIndex, Neighbor
from engines.privacy.memorization.references import (
    References,
    references_from_folder,
    references_from_hashes,
)

__all__ = [
    "HashIndex",
    "Neighbor",
    "References",
    "references_from_folder",
    "references_from_hashes",
]
