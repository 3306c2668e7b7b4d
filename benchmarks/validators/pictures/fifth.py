"""A fifth set of openly licensed pictures, from packages that the first four do not use.

    python -m benchmarks.validators.pictures.fifth FOLDER --besides FOLDER [FOLDER...]

Downloads 13 packages of Debian 12, and writes a folder for each kind below FOLDER. Most pictures
are paintings from games, screenshots, drawings and textures, the kinds of the fourth set that got
wrong scores. The set tests the head that was trained with half of the fourth set. Nothing was
trained or chosen with this set. Licenses, as the packages state them: boswars-data,
frozen-bubble-data, tuxmath-data, pingus-data, trackballs-data, opencity-data, ktuberling-data,
kigo, kmahjongg and debian-edu-artwork-homeworld GPL-2+; flare-game CC BY-SA 3.0; qt5-doc-html GFDL
1.3; bzflag-data LGPL-2.1 and others.
"""

from __future__ import annotations

from benchmarks.validators.pictures.last import From, write_set

_GAMES = "usr/share/games"
_HTML = "usr/share/doc/HTML"
_QT = "usr/share/qt5/doc/qtdoc/images"
_FLARE = f"{_GAMES}/flare/mods"
SOURCES = (
    From("painting", "boswars-data", f"{_GAMES}/boswars/campaigns/*"),
    From("painting", "boswars-data", f"{_GAMES}/boswars/graphics/screens/*"),
    From("painting", "flare-game", f"{_FLARE}/*/cutscenes/*"),
    From("painting", "flare-game", f"{_FLARE}/*/menus/backgrounds/*"),
    From("painting", "flare-game", f"{_FLARE}/*/portraits/*", 4),
    From("painting", "frozen-bubble-data", f"{_GAMES}/frozen-bubble/gfx/*back_*"),
    From("night sky", "tuxmath-data", "usr/share/tuxmath/images/backgrounds/*"),
    From("texture", "pingus-data", f"{_GAMES}/pingus/data/images/textures/*", 3),
    From("screen", "trackballs-data", f"{_GAMES}/trackballs/images/side-*", 2),
    From("screen", "trackballs-data", f"{_GAMES}/trackballs/levels/*", 2),
    From("screen", "kigo", f"{_HTML}/en/kigo/*"),
    From("screen", "kigo", f"{_HTML}/ru/kigo/*", 2),
    From("screen", "kmahjongg", f"{_HTML}/en/kmahjongg/*"),
    From("screen", "kmahjongg", f"{_HTML}/pl/kmahjongg/*", 2),
    From("screen", "kmahjongg", f"{_HTML}/fr/kmahjongg/*", 2),
    From("screen", "ktuberling-data", f"{_HTML}/*"),
    From("screen", "qt5-doc-html", f"{_QT}/[a-z]*.png", 2),
    From("texture", "opencity-data", f"{_GAMES}/opencity/graphism/*/tex*", 2),
    From("texture", "boswars-data", f"{_GAMES}/boswars/patches/*", 4),
    From("texture", "bzflag-data", f"{_GAMES}/bzflag/*base*", 2),
    From("flat drawing", "tuxmath-data", "usr/share/tuxmath/images/tux/*", 2),
    From("flat drawing", "qt5-doc-html", f"{_QT}/used-in-examples/demos/coffee/*"),
    From("smooth graphics", "debian-edu-artwork-homeworld", "usr/share/*.png"),
)
"""A star matches any characters, also "/"."""


if __name__ == "__main__":
    write_set(__doc__.splitlines()[0], SOURCES)
