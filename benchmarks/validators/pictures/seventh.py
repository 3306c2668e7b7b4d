"""A seventh set of openly licensed pictures, out of packages that the first six do not use.

    python -m benchmarks.validators.pictures.seventh FOLDER --besides FOLDER [FOLDER...]

Downloads 10 packages of Debian 12 (about 260 MB) and 3 of npm, and writes a folder of each kind
below FOLDER. It reported on formula 11; since then half of it trains the head. Licenses, as the
packages state them: plasma-workspace-wallpapers, gramps and inkscape-tutorials GPL-2+;
skrooge-common GPL-2+ and GFDL; freedombox-doc-en CC BY-SA 3.0 and others; lugaru-data CC BY-SA 3.0
and 4.0; scorched3d-data GPL-2+; lordsawar-data GPL-3+; dustracing2d-data CC BY-SA 3.0; raincat-data
BSD-3-Clause and CC BY-SA 3.0; the packages of npm MIT, but zurb-twentytwenty ISC.
"""

from __future__ import annotations

import re

from benchmarks.validators.pictures.last import From, write_set

_GAMES = "usr/share/games"
_WALLPAPERS = "usr/share/wallpapers"
_SCORCHED = f"{_GAMES}/scorched3d/data/globalmods"
_BOX = "usr/share/freedombox/manual/en/images"
SOURCES = (
    From("photo", "plasma-workspace-wallpapers", f"{_WALLPAPERS}/*/2560x1600.jpg", 1, 4),
    From("photo", "jquery-colorbox@1.6.4", "package/content/*.jpg"),
    From("photo", "jquery-backstretch@2.1.18", "package/examples/*.jpg"),
    From("screen", "zurb-twentytwenty@0.1.1", "package/img/*_1.jpg"),
    From("photo", "gramps", "usr/share/doc/gramps/example/gramps/*.jpg"),
    From("product", "freedombox-doc-en", f"{_BOX}/*.jpg"),
    From("screen", "freedombox-doc-en", f"{_BOX}/[a-zA-Z]*.png", 4),
    From("screen", "skrooge-common", "usr/share/doc/HTML/en/skrooge/*", 2),
    From("screen", "inkscape-tutorials", "usr/share/inkscape/tutorials/*"),
    From("wallpaper", "plasma-workspace-wallpapers", f"{_WALLPAPERS}/*/[2-7]*.png", 1, 4),
    From("wallpaper", "plasma-workspace-wallpapers", f"{_WALLPAPERS}/*/5120x2880.jpg", 1, 4),
    From("painting", "raincat-data", f"{_GAMES}/raincat/data/levels/*", 2),
    From("painting", "raincat-data", f"{_GAMES}/raincat/data/backgrounds/*"),
    From("painting", "lordsawar-data", f"{_GAMES}/lordsawar/various/*"),
    From("painting", "dustracing2d-data", f"{_GAMES}/dustracing2d/images/*Back.png"),
    From("texture", "lugaru-data", f"{_GAMES}/lugaru/Textures/*", 3),
    From("texture", "scorched3d-data", f"{_SCORCHED}/*/textures/landscape/*", 4),
    From("texture", "dustracing2d-data", f"{_GAMES}/dustracing2d/images/[a-su-z]*"),
)
"""A star stands for any letters, "/" too."""
LEFT_OUT = re.compile(
    r"corner|startLight|lock$|_detail$|cloud1$|editor|expedition|LongSleeve|BloodKnife|oldguitar"
)
"""Masks, maps of noise, parts of a road, a faded photograph, and drawings of another kind."""


if __name__ == "__main__":
    write_set(__doc__.splitlines()[0], SOURCES, LEFT_OUT)
