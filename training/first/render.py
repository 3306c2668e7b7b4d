"""Stage 1: draw the emoji of the table as RGBA tiles. ``python -m training.first.render``."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.cache import Cache, parser, save_arrays
from training.first.concepts import COLOR_ICONS, CONCEPTS
from training.first.finishes import flattened, modeled
from training.language.vocabulary import TONES
from training.tiles import SPRITES, EmojiSet, Tile, repaint


@dataclass(frozen=True)
class Variant:
    """One drawing: number of the concept, name of the color ("" for none), skin tone."""

    concept: int
    color: str = ""
    tone: str = ""
    own: bool = True
    """False if the thing does not have this color in its original drawing."""


def variants() -> list[Variant]:
    """List every drawing of each thing: the original (one, or one for each skin tone), then its
    other colors."""
    rows: list[Variant] = []
    for index, concept in enumerate(CONCEPTS):
        tones = TONES if concept.icons[0].toned else ("",)
        rows.extend(Variant(index, concept.color, tone) for tone in tones)
        rows.extend(Variant(index, color, own=False) for color in concept.colors)
    return rows


def own_rows() -> list[list[int]]:
    """Return the rows of each concept's original drawings in :func:`variants`, in table order."""
    rows: list[list[int]] = [[] for _ in CONCEPTS]
    for row, variant in enumerate(variants()):
        if variant.own:
            rows[variant.concept].append(row)
    return rows


def draw_variant(art: EmojiSet, variant: Variant) -> Tile:
    """Draw one row of :func:`variants`; KeyError if the set has no such drawing."""
    icon = CONCEPTS[variant.concept].icons[0]
    if (icon.name, variant.color) in COLOR_ICONS:
        return art.tile(COLOR_ICONS[icon.name, variant.color])
    name = art.find(icon, variant.tone)
    if name is None:
        raise KeyError(icon.name)
    tile = art.tile(name, icon.paint)
    return tile if variant.own else repaint(tile, variant.color)


def main() -> None:
    """Draw every tile, also as "3d" and "flat", into ``tiles.npz`` (two minutes)."""
    options = parser(__doc__)
    options.add_argument(
        "--noto", type=Path, required=True, help="icons.json of the npm package @iconify-json/noto"
    )
    options.add_argument("--workers", type=int, default=2, help="number of threads")
    args = options.parse_args()
    art = EmojiSet(args.noto)
    objects = [draw_variant(art, variant) for variant in variants()]
    sprites = {f"sprite:{name}": art.tile(name) for name in SPRITES}
    path = Cache(args.cache).file("tiles.npz")
    with ThreadPoolExecutor(args.workers) as pool:
        finished = {
            "finish:3d": np.stack(list(pool.map(modeled, objects))),
            "finish:flat": np.stack(list(map(flattened, objects))),  # the seed is the process's
        }
    save_arrays(path, {"objects": np.stack(objects), **finished, **sprites}, packed=True)
    print(f"render: {len(objects)} drawings of {len(CONCEPTS)} objects -> {path}")


if __name__ == "__main__":
    main()
