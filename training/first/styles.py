"""Styles that change the colors of a whole picture: black and white, sepia, pastel.

Each is an affine map of a pixel's color. The latent code is linear, so each is also an affine map
of the 12 numbers of a latent cell, exact but for what the code does not hold.
"""

from dataclasses import dataclass

import numpy as np

from training.first.latents import PATCH_PX, Basis, Floats

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_SEPIA = np.array([1.05, 0.88, 0.66], np.float32)
_PASTEL = 0.62
COLOR_MAPS: dict[str, tuple[Floats, Floats]] = {
    "gray": (np.tile(_LUMA, (3, 1)), np.zeros(3, np.float32)),
    "sepia": (np.outer(_SEPIA, _LUMA * 0.92), np.array([12, 8, 4], np.float32)),
    "pastel": (np.eye(3, dtype=np.float32) * _PASTEL, np.full(3, 255 * (1 - _PASTEL), np.float32)),
}
"""Style to the matrix (3, 3) and the addend (3,) of sRGB colors, 0..255."""


@dataclass(frozen=True)
class Style:
    """A style as a map of latents: ``matrix`` (12, 12), ``addend`` (12, 1, 1)."""

    matrix: Floats
    addend: Floats

    def apply(self, latent: Floats) -> Floats:
        """Return the latent (12, h, w) of the picture in this style."""
        made: Floats = np.tensordot(self.matrix, latent, 1) + self.addend
        return made


def styles(basis: Basis) -> dict[str, Style]:
    """Return the styles of ``COLOR_MAPS`` as maps of the latents of a code."""
    made = {}
    for name, (matrix, addend) in COLOR_MAPS.items():
        restore = basis.restore.reshape(-1, 3, basis.restore.shape[1])
        recolored = np.einsum("ij,pjk->pik", matrix, restore).reshape(basis.restore.shape)
        mean = basis.mean.reshape(-1, 3) @ matrix.T + np.tile(addend, (PATCH_PX**2, 1))
        shift = basis.project @ (mean.reshape(-1) - basis.mean)
        made[name] = Style(basis.project @ recolored, shift[:, None, None])
    return made
