"""Art styles made from a drawing of the first art: "3d" and "flat".

Both keep the shape of the drawing, so that the denoiser has to learn what the style does and not
each thing again.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.tiles import Tile

FINISHES = ("3d", "flat")
"""The art styles, as in ``training.language.phrases.STYLE_WORDS``."""
DISCS = ((176, 220, 214), (250, 224, 160), (247, 202, 201))
"""Colors (sRGB, 0..255) of the disc behind a flat icon."""
_DEPTH = 0.16
_COLORS = 5
_LIGHT = np.array([-0.45, -0.65, 0.62], np.float32)
_GLOSS = np.array([-0.25, -0.38, 0.89], np.float32)
_SHARPNESS = 40
Floats = NDArray[np.float32]


def modeled(tile: Tile) -> Tile:
    """Return the drawing as if it was a solid body: round toward its outline, lit from the upper
    left (Lambert's law and a Blinn-Phong highlight), with a soft shadow on the ground.

    The height at a distance d from the outline is that of a quarter of a circle with the radius
    0.16 of the side, and level from there on.
    """
    side = tile.shape[0]
    inside = (tile[..., 3] > 128).astype(np.uint8)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5) / (side * _DEPTH)
    height = np.sqrt(1 - (1 - distance.clip(0, 1)) ** 2) * side * _DEPTH
    height = cv2.GaussianBlur(height.astype(np.float32), (0, 0), side * 0.018)
    slope_y, slope_x = np.gradient(height)
    normals = np.dstack([-slope_x, -slope_y, np.ones_like(slope_x)])
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    lit = (normals @ (_LIGHT / np.linalg.norm(_LIGHT))).clip(0, 1)
    gloss = (normals @ (_GLOSS / np.linalg.norm(_GLOSS))).clip(0, 1) ** _SHARPNESS
    color = (tile[..., :3] * (0.62 + 0.5 * lit[..., None])).clip(0, 255)
    color += (255 - color) * 0.55 * gloss[..., None]
    alpha = np.asarray(tile[..., 3], np.float32) / np.float32(255)
    return _over(color.astype(np.float32), alpha, _shadow(inside))


def _shadow(inside: NDArray[np.uint8]) -> Floats:
    """Return the darkness, 0..1, of the ground under a body."""
    side = inside.shape[0]
    shadow = np.zeros(inside.shape, np.float32)
    rows, columns = np.nonzero(inside)
    if not len(rows):
        return shadow
    middle = (columns.min() + columns.max()) / 2 + 0.03 * side
    width = columns.max() - columns.min()
    center = round(middle), round(min(rows.max() - 0.01 * side, 0.95 * side))
    axes = round(width * 0.42), round(0.05 * side)
    cv2.ellipse(shadow, center, axes, 0, 0, 360, 0.55, -1, cv2.LINE_AA)
    soft: Floats = cv2.GaussianBlur(shadow, (0, 0), side * 0.02)
    return soft


def _over(color: Floats, alpha: Floats, shadow: Floats) -> Tile:
    """Put a drawing over a black shadow; the result has straight alpha."""
    both = alpha + shadow * (1 - alpha)
    share = np.divide(alpha, both, out=np.zeros_like(both), where=both > 0)
    whole = np.dstack([color * share[..., None], both * 255])
    return np.asarray(whole.round().clip(0, 255), np.uint8)


def flattened(tile: Tile) -> Tile:
    """Return the drawing in its five main colors (k-means in CIELAB), without gradients and fine
    lines."""
    lab = cv2.cvtColor(tile[..., :3], cv2.COLOR_RGB2LAB).astype(np.float32)
    pixels = lab[tile[..., 3] > 128]
    if len(pixels) < _COLORS:
        return tile
    few = pixels[np.random.default_rng(0).permutation(len(pixels))[:4000]]
    cv2.setRNGSeed(0)
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 30, 0.5)
    start = np.zeros((len(few), 1), np.int32)
    _, _, centers = cv2.kmeans(few, _COLORS, start, until, 2, cv2.KMEANS_PP_CENTERS)
    distances = [np.square(lab - center).sum(-1) for center in centers]
    nearest = np.argmin(distances, axis=0).astype(np.uint8)
    nearest = cv2.medianBlur(nearest, 2 * (tile.shape[0] // 80) + 1)
    made = tile.copy()
    painted = centers.round().clip(0, 255).astype(np.uint8)[nearest]
    made[..., :3] = cv2.cvtColor(painted, cv2.COLOR_LAB2RGB)
    return made


def disc(side: int, color: tuple[int, int, int]) -> Tile:
    """Return a disc of one color in a transparent square."""
    made = np.zeros((side, side, 4), np.uint8)
    middle = side // 2, side // 2
    cv2.circle(made, middle, max(side // 2 - 1, 1), (*color, 255), -1, cv2.LINE_AA)
    made[..., :3] = color
    return made
