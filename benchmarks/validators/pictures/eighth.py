"""An eighth set of openly licensed pictures, out of packages that no other set uses.

    python -m benchmarks.validators.pictures.eighth FOLDER --besides FOLDER [FOLDER...]

Downloads 11 packages of Debian 12 (about 400 MB) and 3 of npm, and writes a folder of each kind
below FOLDER. It reported on formula 12, and a part of it trains the head of formula 14. Licenses,
as the packages state them: scratch (its media) CC BY-SA 3.0; hugin-data GPL-2+ and GFDL;
lxqt-themes LGPL-2.1+ and CC BY-SA 3.0; sway-backgrounds Expat; libirrlicht-doc zlib; okular and
kdenlive-data GPL-2+; warzone2100-data GPL-2+ and CC BY-SA 3.0; cube2-data CC BY 3.0, CC BY-SA 3.0
and 4.0; zaz-data GPL-3+ and CC BY-SA 3.0; glob2-data GPL-3+; the packages of npm MIT.
"""

from __future__ import annotations

import re

from benchmarks.validators.pictures.last import From, write_set

_GAMES = "usr/share/games"
_CUBE = f"{_GAMES}/cube2/packages"
_WARZONE = f"{_GAMES}/warzone2100/base.wz"
_SCRATCH = "usr/share/scratch/Media"
_HUGIN = "usr/share/hugin/xrc/data/help_en_EN"
_HTML = "usr/share/doc/HTML/en"
_SHOTS = "usr/share/doc/libirrlicht-dev/media"
SOURCES = (
    From("drawing", "scratch", f"{_SCRATCH}/Backgrounds/*/room[123].*"),
    From("drawing", "scratch", f"{_SCRATCH}/Backgrounds/*/party-room.*"),
    From("drawing", "scratch", f"{_SCRATCH}/Backgrounds/*/spotlight-stage.*"),
    From("drawing", "scratch", f"{_SCRATCH}/Backgrounds/*/woods-and-bench.*"),
    From("drawing", "scratch", f"{_SCRATCH}/Backgrounds/*/brick-wall1.*"),
    From("drawing", "scratch", f"{_SCRATCH}/Backgrounds/*/school2.*"),
    From("drawing", "scratch", f"{_SCRATCH}/Backgrounds/*/basketball-court2.*"),
    From("photo", "scratch", f"{_SCRATCH}/Backgrounds/*"),
    From("photo", "lightslider@1.1.6", "package/demo/img/cS-*.jpg"),
    From("photo", "jquery-zoom@1.7.22", "package/*.jpg"),
    From("photo", "slippry@1.4.0", "package/demo/img/*.jpg"),
    From("photo", "hugin-data", f"{_HUGIN}/Medinet_habu_*.jpg"),
    From("photo", "hugin-data", f"{_HUGIN}/Vertical-*.jpg"),
    From("photo", "hugin-data", f"{_HUGIN}/Big_ben_[ers]*.jpg"),
    From("photo", "hugin-data", f"{_HUGIN}/CA_tCA00.jpg"),
    From("screen", "hugin-data", f"{_HUGIN}/*.png"),
    From("screen", "hugin-data", f"{_HUGIN}/Celeste_*.jpg"),
    From("wallpaper", "lxqt-themes", "usr/share/lxqt/wallpapers/*-is-not-*"),
    From("wallpaper", "lxqt-themes", "usr/share/lxqt/wallpapers/lxqt-*"),
    From("wallpaper", "lxqt-themes", "usr/share/lxqt/wallpapers/plasma_*"),
    From("photo", "lxqt-themes", "usr/share/lxqt/wallpapers/*"),
    From("wallpaper", "sway-backgrounds", "usr/share/backgrounds/sway/*"),
    From("screen", "libirrlicht-doc", "usr/share/doc/libirrlicht-dev/html/*", 2),
    From("screen", "libirrlicht-doc", f"{_SHOTS}/0*shot.jpg", 2),
    From("screen", "okular", f"{_HTML}/okular/*"),
    From("screen", "kdenlive-data", f"{_HTML}/kdenlive/*"),
    From("screen", "warzone2100-data", "usr/share/doc/warzone2100/images/*"),
    From("texture", "cube2-data", f"{_CUBE}/g*_cc.*"),
    From("texture", "cube2-data", f"{_CUBE}/*_col.*", 2),
    From("texture", "cube2-data", f"{_CUBE}/g*sky*"),
    From("texture", "warzone2100-data", f"{_WARZONE}/texpages/page*", 3),
    From("texture", "libirrlicht-doc", f"{_SHOTS}/[!0]*.jpg"),
    From("painting", "warzone2100-data", f"{_WARZONE}/texpages/bdrops/*"),
    From("layer", "zaz-data", f"{_GAMES}/zaz/*_overlay.png"),
    From("painting", "zaz-data", f"{_GAMES}/zaz/*", 4),
    From("layer", "glob2-data", f"{_GAMES}/glob2/data/gfx/*"),
)
"""A star stands for any letters, "/" too."""
LEFT_OUT = re.compile(
    r"tcmask|page-(22|28|30|6|123)|earthbump|media_gun|skydome$|irrlicht2_up|media_(irrlichtlogo|particle)|"
    r"water0|vc6|vcnet|2ddemo"
)
"""Masks, height maps, and pages that are black or empty."""


if __name__ == "__main__":
    write_set(__doc__.splitlines()[0], SOURCES, LEFT_OUT)
