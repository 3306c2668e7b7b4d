"""Openly licensed pictures of games to train the quality score on, out of packages that no set for
reporting uses.

    python -m benchmarks.validators.pictures.games FOLDER --besides FOLDER [FOLDER...]

Downloads 9 packages of Debian 12 (about 600 MB), and writes a folder of each kind below FOLDER.
Licenses, as the packages state them: openarena-081-textures GPL-2+; trigger-rally-data GPL-2+,
CC BY-SA 3.0 and CC0; btanks-data LGPL-2.1+ and GPL-2+; fillets-ng-data, gnome-backgrounds and
plee-the-bear-data GPL-2+ and CC BY-SA 3.0; colobot-common-textures GPL-3+; marsshooter-data GPL-3+
and CC BY-SA 3.0; freeorion-data CC BY-SA 3.0.
"""

from __future__ import annotations

import re

from benchmarks.validators.pictures.last import From, write_set

_GAMES = "usr/share/games"
_ARENA = f"{_GAMES}/openarena/baseoa/pak4-textures.pk3/textures"
_ORION = f"{_GAMES}/freeorion/default/data/art"
_PLEE = f"{_GAMES}/plee-the-bear/gfx"
_RALLY = f"{_GAMES}/trigger-rally/data.zip"
SOURCES = (
    From("texture", "openarena-081-textures", f"{_ARENA}/[!s]*", 7),
    From("texture", "trigger-rally-data", f"{_RALLY}/vehicles/*"),
    From("texture", "trigger-rally-data", f"{_RALLY}/textures/[!CrvV]*"),
    From("texture", "colobot-common-textures", f"{_GAMES}/colobot/*", 2),
    From("painting", "fillets-ng-data", f"{_GAMES}/fillets-ng/images/[a-ce-fh-z]*", 4),
    From("painting", "gnome-backgrounds", "usr/share/backgrounds/gnome/*"),
    From("layer", "plee-the-bear-data", f"{_PLEE}/*", 2),
    From("layer", "freeorion-data", f"{_ORION}/hulls_design/*", 3),
    From("layer", "freeorion-data", f"{_ORION}/icons/monsters/*", 2),
    From("layer", "trigger-rally-data", f"{_RALLY}/textures/veg/*", 2),
    From("layer", "btanks-data", f"{_GAMES}/btanks/data/tile*", 6),
    From("layer", "marsshooter-data", f"{_GAMES}/marsshooter/tex/*", 2),
)
"""A star stands for any letters, "/" too."""
LEFT_OUT = re.compile(
    r"back22|back46|brwnwater|ggrate8|quake3sign|skylight1|comp3b|_glow|ankh|fence_shadow|portal_2r|"
    r"red_banner|decal1|tallblue|killblock|xiandm9|newskull|fogcloud3|slime9|jumper|lava4|_noise|"
    r"letadlo-p|bathroom-p|recycled-p|background$|ncp-p|bludiste-p|"
    r"paprsky|mapa-p|reaktor-p|pozadi|zelva-p|drakar1|pixels-|motherShip|tex_ships|countdown|"
    r"interface$|hole1|sunHeat|bk_1[48]|waterfall|hand-2|intro-[13]|filter-door-1|background_11"
)
"""Masks, signs, parts of a mechanism, glows, dim backgrounds of one color, and sketches."""


if __name__ == "__main__":
    write_set(__doc__.splitlines()[0], SOURCES, LEFT_OUT)
