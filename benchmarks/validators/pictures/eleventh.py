"""An eleventh set of openly licensed pictures, out of packages that no other set uses.

    python -m benchmarks.validators.pictures.eleventh FOLDER --besides FOLDER [FOLDER...]

Downloads 25 packages of Debian 12 (about 2.0 GB), and writes a folder of each kind below FOLDER.
It reported on formula 15: no rule was chosen and nothing was trained on it. Licenses, as the
packages state them: redeclipse-data CC BY-SA 3.0, CC BY 3.0, CC0 and others as free;
supertuxkart-data CC BY-SA 3.0 and 4.0, CC BY 3.0, CC0 and public domain; wesnoth-1.16-* (three
campaigns) and blobwars-data GPL-2+, CC BY-SA and CC BY; starfighter-data CC BY 3.0, CC BY-SA 3.0
and public domain; ardentryst and unknown-horizons CC BY-SA 3.0; tuxpaint-data, xtrkcad-common,
khangman, kanagram, kgoldrunner, kpat, gthumb-data, luminance-hdr, blobandconquer-data and
singularity GPL-2+ (documentation also GFDL); gnome-mahjongg GPL-2+ and CC BY-SA 3.0;
python-kivy-examples and glmark2-data Expat; mypaint-data-extras CC0; oxygen-icon-theme LGPL-3+.
"""

from __future__ import annotations

import re

from benchmarks.validators.pictures.last import From, write_set

_GAMES = "usr/share/games"
_HTML = "usr/share/doc/HTML/en"
_ECLIPSE = f"{_GAMES}/redeclipse/data"
_KART = f"{_GAMES}/supertuxkart/data"
_CAMPAIGNS = f"{_GAMES}/wesnoth/1.16/data/campaigns"
_STORY = f"{_GAMES}/ardentryst/Data"
_BLOB = f"{_GAMES}/blobwars/gfx"
_PAINT = "usr/share/tuxpaint"
_KIVY = "usr/share/kivy-examples"
_HDR = "usr/share/doc/luminance-hdr/help/en/images"
_ICONS = "usr/share/icons/oxygen/base/256x256"
SOURCES = (
    From("photo", "tuxpaint-data", f"{_PAINT}/templates/*"),
    From("photo", "tuxpaint-data", f"{_PAINT}/starters/*.jpeg"),
    From("photo", "python-kivy-examples", f"{_KIVY}/demo/*.jpg"),
    From("photo", "python-kivy-examples", f"{_KIVY}/canvas/*.jpg"),
    From("photo", "python-kivy-examples", f"{_KIVY}/widgets/city*"),
    From("night sky", "redeclipse-data", f"{_ECLIPSE}/ulukai/*"),
    From("night sky", "redeclipse-data", f"{_ECLIPSE}/unnamed/unnamedspace2*"),
    From("night sky", "starfighter-data", "usr/share/starfighter/gfx/*.jpg"),
    From("night sky", "supertuxkart-data", f"{_KART}/tracks/*stk_enterprise/sky*"),
    From("night sky", "supertuxkart-data", f"{_KART}/*galaxy*"),
    From("night sky", "supertuxkart-data", f"{_KART}/tracks/xr591/*stars*"),
    From("night sky", "singularity", "*/themes/default/images/earth_night*"),
    From("night sky", "glmark2-data", "usr/share/glmark2/textures/nasa*"),
    From("dark scene", "blobandconquer-data", f"{_GAMES}/blobAndConquer/gfx/cutscenes/*"),
    From("dark scene", "blobwars-data", f"{_BLOB}/cutscenes/*"),
    From("dark scene", "blobwars-data", f"{_BLOB}/main/*"),
    From("sky", "redeclipse-data", f"{_ECLIPSE}/skyboxes/stormydays_[flrb][ftk]*"),
    From("sky", "redeclipse-data", f"{_ECLIPSE}/mayhem/*_ft*", 2),
    From("sky", "supertuxkart-data", f"{_KART}/*summersky*", 2),
    From("sky", "supertuxkart-data", f"{_KART}/*las*sky_*", 2),
    From("sky", "supertuxkart-data", f"{_KART}/*winter_sky_[12]*"),
    From("sky", "supertuxkart-data", f"{_KART}/*snowsky_[ew]*"),
    From("texture", "redeclipse-data", f"{_ECLIPSE}/philipk/*_[dc].*", 6),
    From("texture", "redeclipse-data", f"{_ECLIPSE}/jojo/*", 5),
    From("texture", "redeclipse-data", f"{_ECLIPSE}/trak/*", 18),
    From("texture", "redeclipse-data", f"{_ECLIPSE}/torley/*", 30),
    From("texture", "redeclipse-data", f"{_ECLIPSE}/unnamed/*", 16),
    From("texture", "redeclipse-data", f"{_ECLIPSE}/luckystrike/*", 8),
    From("texture", "supertuxkart-data", f"{_KART}/textures/*", 9),
    From("texture", "mypaint-data-extras", "usr/share/mypaint/backgrounds/*/HR_[CD]*"),
    From("texture", "python-kivy-examples", f"{_KIVY}/shader/tex3*"),
    From("texture", "glmark2-data", "usr/share/glmark2/textures/*[ced]?-*"),
    From("product", "wesnoth-1.16-nr", f"{_CAMPAIGNS}/*portraits/*", 2),
    From("product", "wesnoth-1.16-httt", f"{_CAMPAIGNS}/*portraits/*", 3),
    From("product", "unknown-horizons", "*/gui/images/background/mainmenu/wheel*"),
    From("product", "oxygen-icon-theme", f"{_ICONS}/devices/*", 3),
    From("painting", "wesnoth-1.16-httt", f"{_CAMPAIGNS}/*story/*"),
    From("painting", "wesnoth-1.16-did", f"{_CAMPAIGNS}/*story/*"),
    From("painting", "wesnoth-1.16-trow", f"{_CAMPAIGNS}/*story/*"),
    From("painting", "ardentryst", f"{_STORY}/Back*"),
    From("painting", "ardentryst", f"{_STORY}/StorySceneImages/*"),
    From("painting", "ardentryst", f"{_STORY}/Menu_Static*"),
    From("painting", "khangman", "usr/share/khangman/qml/Images/*"),
    From("painting", "kanagram", "usr/share/kanagram/ui/images/*"),
    From("painting", "unknown-horizons", "*/gui/images/background/mainmenu/bg*"),
    From("drawing", "tuxpaint-data", f"{_PAINT}/starters/*.png"),
    From("drawing", "ardentryst", f"{_STORY}/T*"),
    From("drawing", "oxygen-icon-theme", f"{_ICONS}/apps/*", 8),
    From("drawing", "oxygen-icon-theme", f"{_ICONS}/categories/*", 4),
    From("drawing", "oxygen-icon-theme", f"{_ICONS}/mimetypes/*", 24),
    From("drawing", "gnome-mahjongg", "*"),
    From("screen", "xtrkcad-common", "usr/share/doc/xtrkcad-common/html/png.d/*", 4),
    From("screen", "kanagram", f"{_HTML}/kanagram/*"),
    From("screen", "khangman", f"{_HTML}/khangman/*"),
    From("screen", "luminance-hdr", f"{_HDR}/*", 2),
    From("screen", "gthumb-data", "usr/share/help/C/*"),
    From("screen", "tuxpaint-data", "usr/share/doc/tuxpaint-data/html/images/*", 2),
    From("screen", "redeclipse-data", f"{_ECLIPSE}/maps/*.png", 6),
    From("screen", "kgoldrunner", f"{_HTML}/kgoldrunner/*"),
    From("screen", "kpat", "usr/share/kpat/previews/*", 3),
)
"""A star stands for any letters, "/" too."""
LEFT_OUT = re.compile(
    r"[Nn]ormal|_n2|_(nm|[nsgz])$|local|mask|height|gloss|_add$|_skin$|_anim|Decal|Location|"
    r"corona_(bk|lf)|gfx_sol|effect-2d|caustics-(0[2-9]|1[1-59]|2)|Canvas ?02|"
    r"mission(29|30)|start0[23]|comm(Start|End)|supplyStart|worldMap|aqua9|summersky_b|"
    r"jojo_(city|concretesigma|interface|ladder|redcliff|windowstile)|luckystrike_(conc|pub)|"
    r"unnamedspace_|16levelstriping|Cloth_|tux_kart|gfx_mud|textures_pino|mudpot|flyingMap|"
    r"grassLightcliff|stkflag|jackOL|jungleLiana|monkey|purplenebula|skybox_|"
    r"frame_television|starters_reef|usa-back|layout-(conf|difficult|easy|overpass|zigg)|"
    r"Castle_Backing|Images_End|images_Ill1|l10n|maps_biolytic"
)
"""Maps of normals, heights and gloss, sheets of parts and of motion, signs, parts of pictures, and
what is too dark, soft or faint to be called good; chosen by eye before anything was judged."""


if __name__ == "__main__":
    write_set(__doc__.splitlines()[0], SOURCES, LEFT_OUT)
