"""Stage 1: draw the emoji of the table as RGBA tiles. ``python -m training.tiles --sets FOLDER``.

There are three sets of open emoji with different styles: Noto ("emoji"), Fluent ("3d") and Fluent
flat ("flat"). The tiles are stored as WebP files of some megabytes in total, which are easily
copied to a machine with a GPU. :func:`load` decodes them, and repaints things in further colors.
"""

import io
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PilImage

from training.cache import Cache, parser, save_arrays
from training.language.vocabulary import COLORS, TONES, Icon, things

TILE_PX = 384
SETS = {"emoji": "noto", "3d": "fluent-emoji", "flat": "fluent-emoji-flat"}
"""Style to the npm package ``@iconify-json/<name>``."""
STYLES = tuple(SETS)
SPRITES = (
    *("palm-tree", "cactus", "automobile", "flying-saucer", "deciduous-tree", "ringed-planet"),
    *("house", "church", "evergreen-tree", "tropical-fish", "coral", "cow", "tractor", "bus"),
    *("couch-and-lamp", "potted-plant", "window", "framed-picture", "taxi", "cloud", "chicken"),
    *("goal-net", "castle", "herb", "hibiscus", "fish", "hut", "parrot", "maple-leaf", "swan"),
)
"""Drawings in landscapes."""
WHITE_HAIR = "white hair"
"""The paint of an old man's beard; others are a color, or "pale" and a color."""
Tile = NDArray[np.uint8]
"""(384, 384, 4) uint8, sRGB with straight alpha."""


@dataclass(frozen=True)
class Drawing:
    """One tile: number of the thing, number of its icon, style, skin tone and color."""

    thing: int
    icon: int
    style: str
    tone: str = ""
    color: str = ""
    """Name of the color; empty if the drawing has no single color."""

    @property
    def key(self) -> str:
        """The name of the tile in the file. Drawings that differ only in the color share it."""
        return f"{self.thing}/{self.icon}/{self.style}/{self.tone}"


class EmojiSet:
    """One npm package of emoji in Iconify's format."""

    def __init__(self, icons_json: Path) -> None:
        data = json.loads(icons_json.read_text(encoding="utf-8"))
        self._icons: dict[str, dict[str, object]] = data["icons"]
        self._aliases: dict[str, dict[str, str]] = data.get("aliases", {})
        self._side = int(data.get("width", 32))

    def __contains__(self, name: str) -> bool:
        return name in self._icons or name in self._aliases

    def find(self, icon: Icon, tone: str) -> str | None:
        """Return the name of an icon in a skin tone in this set; None if it does not exist."""
        if not tone:
            return icon.name if icon.name in self else None
        first, _, rest = icon.name.partition("-")
        middle = f"{first}-{tone}-skin-tone" + (f"-{rest}" if rest else "")
        ways = (f"{icon.name}-{tone}-skin-tone", middle, f"{icon.name}-{tone}")
        return next((name for name in ways if name in self), None)

    def tile(self, name: str, paint: str = "") -> Tile:
        """Draw one icon in a paint of the table. Raises KeyError if the set has no icon with that
        name."""
        if name not in self._icons:
            name = self._aliases[name]["parent"]
        icon = self._icons[name]
        width, height = (int(str(icon.get(k, self._side))) for k in ("width", "height"))
        view = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
        body = str(icon["body"])
        if paint == WHITE_HAIR:
            return rasterize(white_haired(body), view, width, height)
        tile = rasterize(body, view, width, height)
        if not paint:
            return tile
        pale, _, color = paint.rpartition(" ")
        return tint(tile, color) if pale else repaint(tile, color)


def rasterize(body: str, view: str, width: int, height: int) -> Tile:
    """Draw an SVG body, letterboxed into a square tile."""
    import resvg_py  # not needed where finished tiles are loaded

    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}">{body}</svg>'
    scale = TILE_PX / max(width, height)
    wide, high = round(width * scale), round(height * scale)
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=wide, height=high))
    drawn = np.asarray(PilImage.open(io.BytesIO(png)).convert("RGBA"))
    tile = np.zeros((TILE_PX, TILE_PX, 4), np.uint8)
    y, x = (TILE_PX - drawn.shape[0]) // 2, (TILE_PX - drawn.shape[1]) // 2
    tile[y : y + drawn.shape[0], x : x + drawn.shape[1]] = drawn
    return tile


def repaint(tile: Tile, color: str) -> Tile:
    """Return the tile with its main saturated hue changed to ``color``. The shading stays."""
    hsv = cv2.cvtColor(tile[..., :3], cv2.COLOR_RGB2HSV).astype(np.float32)
    vivid = (hsv[..., 1] > 60) & (tile[..., 3] > 128)
    if not vivid.any():
        return tile
    hues = hsv[..., 0][vivid]
    main = float(np.bincount(hues.astype(int), minlength=180).argmax())
    near = vivid & (np.abs((hsv[..., 0] - main + 90) % 180 - 90) < 28)
    target = cv2.cvtColor(np.array([[COLORS[color]]], np.uint8), cv2.COLOR_RGB2HSV)[0, 0]
    if color in ("black", "white", "gray"):
        low, high = {"black": (0, 70), "gray": (70, 190), "white": (170, 255)}[color]
        hsv[..., 2][near] = low + hsv[..., 2][near] / 255 * (high - low)
        hsv[..., 1][near] *= 0.1
    else:
        hsv[..., 0][near] = target[0]
        if color == "brown":
            hsv[..., 2][near] *= 0.55
        if color == "pink":
            hsv[..., 1][near] *= 0.5
            hsv[..., 2][near] = np.maximum(hsv[..., 2][near], 235)
    out = tile.copy()
    out[..., :3] = cv2.cvtColor(hsv.clip(0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB)
    return out


def tint(tile: Tile, color: str) -> Tile:
    """Return the tile with its pale areas, white to cream, in ``color``. The shading stays."""
    hsv = cv2.cvtColor(tile[..., :3], cv2.COLOR_RGB2HSV)
    pale = (hsv[..., 1] < 90) & (hsv[..., 2] > 170) & ((hsv[..., 0] < 45) | (hsv[..., 1] < 12))
    value = hsv[..., 2:].astype(np.float32) / 255
    out = tile.copy()
    out[..., :3][pale] = (value * np.array(COLORS[color], np.float32))[pale]
    return out


def white_haired(body: str) -> str:
    """Return an SVG body of Noto's bearded man with white hair.

    The order of its colors is fixed: ears, hair, beard, beard, then face, eyes and mouth.
    """
    hair = re.findall("#[0-9a-f]{6}", body)[1:4]
    for color, white in zip(hair, ("#bdbdbd", "#e8e8e8", "#e8e8e8"), strict=False):
        body = body.replace(color, white, 1)
    return body


def wanted() -> Iterator[Drawing]:
    """Yield every drawing of the table in every style and tone, also if no set contains it."""
    for number, thing in enumerate(things()):
        for at, icon in enumerate(thing.icons):
            if not icon.toned:
                styles = STYLES if at == 0 else STYLES[:2]
                yield from (Drawing(number, at, style, color=thing.color) for style in styles)
            else:
                yield from (Drawing(number, at, "emoji", tone) for tone in TONES)
                yield Drawing(number, at, "3d", TONES[(number + at) % len(TONES)])


def pack(tile: Tile) -> NDArray[np.uint8]:
    """Return a tile as the bytes of a WebP file."""
    held = io.BytesIO()
    PilImage.fromarray(tile).save(held, "WEBP", quality=80, alpha_quality=90, method=4)
    return np.frombuffer(held.getvalue(), np.uint8)


def unpack(data: NDArray[np.uint8]) -> Tile:
    """Decode the result of :func:`pack`, which is lossy."""
    return np.asarray(PilImage.open(io.BytesIO(data.tobytes())).convert("RGBA"))


@dataclass(frozen=True)
class Tiles:
    """Every drawing with its tile: ``pixels`` (n, 384, 384, 4) uint8, straight alpha."""

    drawings: tuple[Drawing, ...]
    pixels: NDArray[np.uint8]


def load_sprites(cache: Cache) -> dict[str, Tile]:
    """Return name to tile of the drawings in landscapes."""
    with np.load(cache.file("tiles.npz")) as data:
        return {name: unpack(data[f"sprite:{name}"]) for name in SPRITES}


def load(cache: Cache, threads: int = 8) -> Tiles:
    """Read ``tiles.npz``, and repaint things in their further colors."""
    with np.load(cache.file("tiles.npz")) as data:
        packed = {name: data[name] for name in data.files}
    with ThreadPoolExecutor(threads) as pool:
        names = [name for name in packed if not name.startswith("sprite:")]
        unpacked = pool.map(unpack, (packed[name] for name in names))
        known = dict(zip(names, unpacked, strict=True))
        plain = [drawing for drawing in wanted() if drawing.key in known]
        painted = [
            Drawing(d.thing, d.icon, d.style, d.tone, color)
            for d in plain
            if d.icon == 0
            for color in things()[d.thing].colors
        ]
        colored = list(pool.map(lambda d: repaint(known[d.key], d.color), painted))
    pixels = np.stack([known[d.key] for d in plain] + colored)
    return Tiles((*plain, *painted), pixels)


def main() -> None:
    """Draw every tile into ``tiles.npz`` (some minutes of one core)."""
    made = parser(__doc__)
    made.add_argument(
        "--sets", type=Path, required=True, help="folder node_modules/@iconify-json of npm"
    )
    args = made.parse_args()
    sets = {s: EmojiSet(args.sets / package / "icons.json") for s, package in SETS.items()}
    packed: dict[str, NDArray[np.uint8]] = {}
    for drawing in wanted():
        icon = things()[drawing.thing].icons[drawing.icon]
        name = sets[drawing.style].find(icon, drawing.tone)
        if name is not None:
            packed[drawing.key] = pack(sets[drawing.style].tile(name, icon.paint))
    for name in SPRITES:
        packed[f"sprite:{name}"] = pack(sets["emoji"].tile(name))
    path = Cache(args.cache).file("tiles.npz")
    save_arrays(path, packed)
    size = sum(len(data) for data in packed.values()) / 1e6
    print(f"tiles: {len(packed)} drawings of {len(things())} things, {size:.1f} MB -> {path}")


if __name__ == "__main__":
    main()
