"""Memorization: finds synthetic images that are copies of real ones, or that show their faces."""

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
