"""The interface for marks (C2PA) that the dataset layer uses.

`engines.provenance` implements it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engines.datasets.recipes.recipe import Recipe
    from engines.datasets.store.copies import Edit


class ImageMarks(Protocol):
    """Adds marks to PNG files. Blocks. Threads may share it.

    A mark contains the time and random numbers, so it differs from call to call. Pixels and recipe
    are not changed; to compare files, use `engines.images.formats.png.without_mark`.

    Raises:
        MarkingFailed: no mark could be made.
        StorageFailed, InsufficientStorage: the log of marks cannot be written.
    """

    def created(self, key: str, png: bytes, recipe: Recipe) -> bytes:
        """The PNG of a generated image with its mark, to be stored as `key`. `recipe`: the recipe
        that the file contains."""

    def edited(self, key: str, png: bytes, edit: Edit) -> bytes:
        """The PNG of a changed copy with its mark, to be stored as `key`."""


class NoMarks:
    """Used if marks are switched off: images stay unmarked."""

    def created(self, key: str, png: bytes, recipe: Recipe) -> bytes:
        return png

    def edited(self, key: str, png: bytes, edit: Edit) -> bytes:
        return png
