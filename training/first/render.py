"""Stage 1: draw the emoji of the table as RGBA tiles. ``python -m training.first.render``."""

import io
import json
from pathlib import Path

import cv2
import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image as PilImage

from training.cache import Cache, parser, save_arrays
from training.first.concepts import COLOR_ICONS, COLORS, CONCEPTS, OWN_COLOR

TILE_PX = 400
SCENE_ICONS = (
    "palm-tree",
    "cactus",
    "automobile",
    "flying-saucer",
    "deciduous-tree",
    "ringed-planet",
)
Tile = NDArray[np.uint8]
"""(400, 400, 4) uint8, sRGB with straight alpha."""


def rasterise(svg_body: str, view: tuple[int, int, int, int]) -> Tile:
    """Draw one icon of an Iconify set, letterboxed into a square tile."""
    left, top, width, height = view
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="{left} {top} {width} {height}">{svg_body}</svg>'
    )
    scale = TILE_PX / max(width, height)
    png = bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, width=round(width * scale), height=round(height * scale)
        )
    )
    drawn = np.asarray(PilImage.open(io.BytesIO(png)).convert("RGBA"))
    tile = np.zeros((TILE_PX, TILE_PX, 4), np.uint8)
    y, x = (TILE_PX - drawn.shape[0]) // 2, (TILE_PX - drawn.shape[1]) // 2
    tile[y : y + drawn.shape[0], x : x + drawn.shape[1]] = drawn
    return tile


def recolor(tile: Tile, color: str) -> Tile:
    """Return the tile with its vivid pixels turned to ``color``; the shading stays."""
    hsv = cv2.cvtColor(tile[..., :3], cv2.COLOR_RGB2HSV).astype(np.float32)
    vivid = hsv[..., 1] > 70
    hues = hsv[..., 0][vivid & (tile[..., 3] > 128)]
    main = float(np.bincount(hues.astype(int), minlength=180).argmax())
    near = vivid & (np.abs((hsv[..., 0] - main + 90) % 180 - 90) < 28)
    if color in ("black", "white"):
        hsv[..., 1][near] *= 0.12
        hsv[..., 2][near] *= 0.3 if color == "black" else 1.0
        if color == "white":
            hsv[..., 2][near] = 255 - (255 - hsv[..., 2][near]) * 0.4
    else:
        target = cv2.cvtColor(np.array([[COLORS[color]]], np.uint8), cv2.COLOR_RGB2HSV)[0, 0]
        hsv[..., 0][near] = target[0]
        if color == "pink":
            hsv[..., 1][near] *= 0.5
            hsv[..., 2][near] = np.maximum(hsv[..., 2][near], 235)
    out = tile.copy()
    out[..., :3] = cv2.cvtColor(hsv.clip(0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB)
    return out


class NotoArt:
    """The Noto emoji of the registry package ``@iconify-json/noto`` (Apache-2.0)."""

    def __init__(self, icons_json: Path) -> None:
        data = json.loads(icons_json.read_text(encoding="utf-8"))
        self._icons: dict[str, dict[str, object]] = data["icons"]
        self._aliases: dict[str, dict[str, str]] = data.get("aliases", {})
        self._side = int(data.get("width", 128))

    def tile(self, name: str) -> Tile:
        """Draw one icon by its name in the set; KeyError if the set has none."""
        if name not in self._icons:
            name = self._aliases[name]["parent"]
        icon = self._icons[name]
        view = (
            int(str(icon.get("left", 0))),
            int(str(icon.get("top", 0))),
            int(str(icon.get("width", self._side))),
            int(str(icon.get("height", self._side))),
        )
        return rasterise(str(icon["body"]), view)


def variants() -> list[tuple[int, str]]:
    """List every drawing as (concept index, color): the own one first, then the taught colors."""
    rows = []
    for index, concept in enumerate(CONCEPTS):
        rows.append((index, OWN_COLOR.get(concept.icon, "")))
        rows.extend((index, color) for color in concept.colors)
    return rows


def draw_variant(art: NotoArt, index: int, color: str) -> Tile:
    """Draw one row of :func:`variants`."""
    icon = CONCEPTS[index].icon
    if (icon, color) in COLOR_ICONS:
        return art.tile(COLOR_ICONS[icon, color])
    tile = art.tile(icon)
    return recolor(tile, color) if color in CONCEPTS[index].colors else tile


def main() -> None:
    """Draw every tile into ``tiles.npz`` (a quarter of a minute)."""
    options = parser(__doc__)
    options.add_argument(
        "--noto", type=Path, required=True, help="icons.json of the npm package @iconify-json/noto"
    )
    args = options.parse_args()
    art = NotoArt(args.noto)
    objects = [draw_variant(art, index, color) for index, color in variants()]
    sprites = {f"sprite:{name}": art.tile(name) for name in SCENE_ICONS}
    path = Cache(args.cache).file("tiles.npz")
    save_arrays(path, {"objects": np.stack(objects), **sprites})
    print(f"render: {len(objects)} drawings of {len(CONCEPTS)} objects -> {path}")


if __name__ == "__main__":
    main()
