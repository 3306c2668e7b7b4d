"""Thumbnails with which the tests of the model compare. ``python -m training.first.prototypes``.

They are made from the training drawings, not by a model: each object on white in each pose, and
each landscape as the mean of its layouts in the training. ``tests/models`` checks whether a picture
of the model is nearest to its own thumbnail.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.cache import Cache, parser, save_arrays
from training.first.concepts import CONCEPTS
from training.first.pictures import LAYOUTS_TAUGHT, POSES, Art
from training.first.render import own_rows
from training.language.vocabulary import TONES
from training.pictures.brushes import Image

SIDE_PX = 16
SIZE = (256, 256)
SCENES = {
    "a sunset over mountains": ("mountains", "sunset"),
    "mountains": ("mountains", "day"),
    "a snowy landscape": ("snow", "day"),
    "the sea": ("sea", "day"),
    "a beach": ("beach", "day"),
    "a forest": ("forest", "day"),
    "a desert": ("desert", "day"),
    "a city at night": ("city", "night"),
    "a futuristic city with flying cars": ("future", "day"),
    "a meadow": ("meadow", "day"),
    "a night sky with stars and moon": ("sky", "night"),
    "the sea at sunrise": ("sea", "sunrise"),
    "a desert at sunset": ("desert", "sunset"),
    "a forest at night": ("forest", "night"),
}


def thumbnail(picture: Image) -> NDArray[np.uint8]:
    """Return a (16, 16, 3) uint8 thumbnail of a (256, 256, 3) picture, 0..255."""
    small = cv2.resize(picture, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small.round().clip(0, 255), np.uint8)


def object_tiles(art: Art) -> NDArray[np.uint8]:
    """Return (objects, n, 16, 16, 3): each object's own drawings on white, in every pose and skin
    tone, in table order. Objects without skin tones are repeated."""
    white = np.full(3, 255, np.float32)
    return np.stack(
        [
            [
                thumbnail(art.posed(rows[tone % len(rows)], SIZE, pose).over(white))
                for tone in range(len(TONES))
                for pose in range(len(POSES))
            ]
            for rows in own_rows()
        ]
    )


def scene_tiles(art: Art) -> NDArray[np.uint8]:
    """Return (landscapes, 1, 16, 16, 3): the mean over the layouts of each of ``SCENES``."""
    layouts = range(LAYOUTS_TAUGHT)
    return np.stack(
        [
            [thumbnail(np.mean([art.scene(*scene, layout, SIZE) for layout in layouts], axis=0))]
            for scene in SCENES.values()
        ]
    )


def main() -> None:
    """Write names and thumbnails of objects and landscapes."""
    made = parser(__doc__)
    made.add_argument("--out", type=Path, default=Path("tests/models/data/prototypes.npz"))
    args = made.parse_args()
    art = Art.load(Cache(args.cache))
    save_arrays(
        args.out,
        {
            "names": np.array([concept.names[0] for concept in CONCEPTS]),
            "tiles": object_tiles(art),
            "scene_names": np.array(list(SCENES)),
            "scene_tiles": scene_tiles(art),
        },
        packed=True,
    )
    print(f"prototypes: {len(CONCEPTS)} objects, {len(SCENES)} landscapes -> {args.out}")


if __name__ == "__main__":
    main()
